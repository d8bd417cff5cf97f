// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/introspection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/schema/compiled.hpp"

namespace guestd::schema {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

using Entries = std::vector<std::string>;

Entries introspected(const std::string& text, const IntrospectionOptions& options, Dialect dialect = {}) {
  const auto compiled = compile(text, dialect);
  EXPECT_FALSE(compiled.diagnostics.any()) << testing::PrintToString(compiled.errors());
  return introspect(compiled.schema, options);
}

Entries named(const std::string& text, Dialect dialect = {}) { return introspected(text, {true, ""}, dialect); }
Entries masked(const std::string& text) { return introspected(text, {}); }

TEST(Introspection, GivesCommandsWithoutArgumentsAndResultTheObjectWithoutMembers) {
  EXPECT_THAT(named("{ 'command': 'go' }"),
              ElementsAre(R"({"name": "go", "meta-type": "command", "arg-type": "q_empty", "ret-type": "q_empty"})",
                          R"({"name": "q_empty", "meta-type": "object", "members": []})"));
}

TEST(Introspection, NumbersTypesInTheOrderInWhichTheyAreMetAndKeepsBuiltinNames) {
  EXPECT_THAT(masked("{ 'struct': 'Sort', 'data': { 'a': 'str', '*b': [ 'Tree' ] } }"
                     "{ 'struct': 'Tree', 'data': { 'c': [ 'uint8' ] } }"
                     "{ 'command': 'go', 'data': { 'x': 'Sort' }, 'returns': [ 'Tree' ] }"),
              ElementsAre(R"({"name": "go", "meta-type": "command", "arg-type": "0", "ret-type": "[1]"})",
                          R"({"name": "0", "meta-type": "object", "members": [{"name": "x", "type": "2"}]})",
                          R"({"name": "[1]", "meta-type": "array", "element-type": "1"})",
                          R"({"name": "1", "meta-type": "object", "members": [{"name": "c", "type": "[int]"}]})",
                          R"({"name": "2", "meta-type": "object", "members": [{"name": "a", "type": "str"}, )"
                          R"({"name": "b", "type": "[1]", "default": null}]})",
                          R"({"name": "[int]", "meta-type": "array", "element-type": "int"})",
                          R"({"name": "int", "meta-type": "builtin", "json-type": "int"})",
                          R"({"name": "str", "meta-type": "builtin", "json-type": "string"})"));
}

TEST(Introspection, LeavesOutTypesThatNoCommandNeeds) {
  EXPECT_THAT(masked("{ 'struct': 'Unused', 'data': {} } { 'enum': 'AlsoUnused', 'data': [ 'a' ] }"), IsEmpty());
}

TEST(Introspection, HasOneIntegerTypeAndAJsonTypeForEveryBuiltin) {
  const auto entries = named(
      "{ 'struct': 'Sort', 'data': { 'a': 'int8', 'b': 'uint64', 'c': 'size', 'd': 'number', 'e': 'bool', 'f': 'null',"
      " 'g': 'any' } } { 'command': 'go', 'returns': 'Sort' }");
  EXPECT_THAT(entries, Contains(R"({"name": "Sort", "meta-type": "object", "members": [{"name": "a", "type": "int"}, )"
                                R"({"name": "b", "type": "int"}, {"name": "c", "type": "int"}, )"
                                R"({"name": "d", "type": "number"}, {"name": "e", "type": "bool"}, )"
                                R"({"name": "f", "type": "null"}, {"name": "g", "type": "any"}]})"));
  EXPECT_THAT(entries, Contains(R"({"name": "int", "meta-type": "builtin", "json-type": "int"})"));
  EXPECT_THAT(entries, Contains(R"({"name": "number", "meta-type": "builtin", "json-type": "number"})"));
  EXPECT_THAT(entries, Contains(R"({"name": "bool", "meta-type": "builtin", "json-type": "boolean"})"));
  EXPECT_THAT(entries, Contains(R"({"name": "null", "meta-type": "builtin", "json-type": "null"})"));
  EXPECT_THAT(entries, Contains(R"({"name": "any", "meta-type": "builtin", "json-type": "value"})"));
  EXPECT_EQ(entries.size(), 8U);
}

TEST(Introspection, FlattensBasesAndGivesEachValueOfTheTagAVariant) {
  const auto entries = named(
      "{ 'enum': 'Kind', 'data': [ 'a', 'b', 'c' ] }"
      "{ 'struct': 'Root', 'data': { 'r': 'str' } }"
      "{ 'struct': 'Base', 'base': 'Root', 'data': { 'kind': 'Kind' } }"
      "{ 'struct': 'OfB', 'data': { 'x': 'int' } }"
      "{ 'union': 'Uni', 'base': 'Base', 'discriminator': 'kind', 'data': { 'b': 'OfB' } }"
      "{ 'command': 'go', 'data': 'Uni', 'boxed': true }");
  EXPECT_THAT(entries, Contains(R"({"name": "go", "meta-type": "command", "arg-type": "Uni", "ret-type": "q_empty"})"));
  EXPECT_THAT(
      entries,
      Contains(R"({"name": "Uni", "meta-type": "object", "members": [{"name": "r", "type": "str"}, )"
               R"({"name": "kind", "type": "Kind"}], "tag": "kind", "variants": [{"case": "b", "type": "OfB"}, )"
               R"({"case": "a", "type": "q_empty"}, {"case": "c", "type": "q_empty"}]})"));
  EXPECT_THAT(entries, Contains(R"({"name": "Kind", "meta-type": "enum", "members": [{"name": "a"}, {"name": "b"}, )"
                                R"({"name": "c"}], "values": ["a", "b", "c"]})"));
}

TEST(Introspection, NamesTheImplicitTypesOfSimpleUnions) {
  const auto entries = named(
      "{ 'struct': 'Aa', 'data': {} }"
      "{ 'union': 'Uni', 'data': { 'a': 'Aa', 'list': [ 'str' ] } }"
      "{ 'command': 'go', 'data': { 'it': 'Uni' } }",
      {.legacy = true});
  EXPECT_THAT(entries,
              Contains(R"({"name": "Uni", "meta-type": "object", "members": [{"name": "type", "type": "UniKind"}], )"
                       R"("tag": "type", "variants": [{"case": "a", "type": "q_obj_Aa-wrapper"}, )"
                       R"({"case": "list", "type": "q_obj_strList-wrapper"}]})"));
  EXPECT_THAT(entries,
              Contains(R"({"name": "UniKind", "meta-type": "enum", "members": [{"name": "a"}, {"name": "list"}], )"
                       R"("values": ["a", "list"]})"));
  EXPECT_THAT(entries, Contains(R"({"name": "q_obj_strList-wrapper", "meta-type": "object", )"
                                R"("members": [{"name": "data", "type": "[str]"}]})"));
}

TEST(Introspection, ShowsFeaturesWhereTheyStand) {
  const auto entries = named(
      "{ 'enum': 'Enu', 'data': [ 'a', { 'name': 'b', 'features': [ 'deprecated' ] } ], 'features': [ 'of-enum' ] }"
      "{ 'struct': 'Sort', 'data': { 'm': { 'type': 'Enu', 'features': [ 'deprecated', 'unstable' ] } },"
      "  'features': [ 'of-struct' ] }"
      "{ 'command': 'go', 'data': 'Sort', 'features': [ 'one', 'two' ], 'allow-oob': true }");
  EXPECT_THAT(entries,
              ElementsAre(R"({"name": "go", "meta-type": "command", "features": ["one", "two"], )"
                          R"("arg-type": "Sort", "ret-type": "q_empty", "allow-oob": true})",
                          R"({"name": "Sort", "meta-type": "object", "features": ["of-struct"], "members": )"
                          R"([{"name": "m", "type": "Enu", "features": ["deprecated", "unstable"]}]})",
                          R"({"name": "q_empty", "meta-type": "object", "members": []})",
                          R"({"name": "Enu", "meta-type": "enum", "features": ["of-enum"], "members": )"
                          R"([{"name": "a"}, {"name": "b", "features": ["deprecated"]}], "values": ["a", "b"]})"));
}

TEST(Introspection, HasWhatDependsOnAConditionAsIfItHeld) {
  EXPECT_THAT(
      named("{ 'command': 'go', 'data': { 'm': { 'type': 'int', 'if': 'CONFIG_X' } },"
            "  'if': { 'not': 'CONFIG_Y' } }"),
      Contains(R"({"name": "q_obj_go-arg", "meta-type": "object", "members": [{"name": "m", "type": "int"}]})"));
}

TEST(Introspection, GivesAlternatesTheirTypesAndEventsTheirData) {
  const auto entries = named(
      "{ 'alternate': 'IntOrNames', 'data': { 'number': 'uint8', 'names': [ 'str' ] } }"
      "{ 'event': 'BOOM', 'data': { 'why': 'IntOrNames' } } { 'event': 'QUIET' }");
  EXPECT_THAT(entries, Contains(R"({"name": "IntOrNames", "meta-type": "alternate", )"
                                R"("members": [{"type": "int"}, {"type": "[str]"}]})"));
  EXPECT_EQ(entries[0], R"({"name": "BOOM", "meta-type": "event", "arg-type": "q_obj_BOOM-arg"})");
  EXPECT_EQ(entries[1], R"({"name": "QUIET", "meta-type": "event", "arg-type": "q_empty"})");
}

TEST(Introspection, DescribesATypeThatHoldsItselfOnce) {
  EXPECT_THAT(named("{ 'struct': 'Node', 'data': { '*next': 'Node', 'more': [ 'Node' ] } }"
                    "{ 'command': 'go', 'returns': 'Node' }"),
              ElementsAre(R"({"name": "go", "meta-type": "command", "arg-type": "q_empty", "ret-type": "Node"})",
                          R"({"name": "q_empty", "meta-type": "object", "members": []})",
                          R"({"name": "Node", "meta-type": "object", "members": )"
                          R"([{"name": "next", "type": "Node", "default": null}, {"name": "more", "type": "[Node]"}]})",
                          R"({"name": "[Node]", "meta-type": "array", "element-type": "Node"})"));
}

TEST(Introspection, LeavesOutCommandsWithAFeatureAndTheTypesThatOnlyTheyNeed) {
  const std::string text =
      "{ 'struct': 'Both', 'data': {} } { 'struct': 'Far', 'data': {} }"
      "{ 'command': 'far-away', 'data': 'Both', 'returns': 'Far', 'features': [ 'elsewhere' ] }"
      "{ 'command': 'here', 'returns': 'Both' }";
  const auto entries = introspected(text, {true, "elsewhere"});
  EXPECT_THAT(entries, Not(Contains(::testing::HasSubstr("Far"))));
  EXPECT_EQ(entries.size(), 3U);
  EXPECT_EQ(introspected(text, {true, "nowhere"}).size(), 5U);
}

TEST(Introspection, TreatsATypeOfWhichNothingIsKnownAsAny) {
  EXPECT_THAT(named("{ 'struct': 'Sort', 'base': 'Gone', 'data': { 'a': 'Lost', 'b': [ 'Lost' ] } }"
                    "{ 'command': 'go', 'data': 'Missing', 'returns': 'Sort' }",
                    {.partial = true}),
              ElementsAre(R"({"name": "go", "meta-type": "command", "arg-type": "any", "ret-type": "Sort"})",
                          R"({"name": "any", "meta-type": "builtin", "json-type": "value"})",
                          R"({"name": "Sort", "meta-type": "object", "members": [{"name": "a", "type": "any"}, )"
                          R"({"name": "b", "type": "[any]"}]})",
                          R"({"name": "[any]", "meta-type": "array", "element-type": "any"})"));
}

TEST(Introspection, IsPrintedAsAnArrayWithOneEntryPerLine) {
  EXPECT_EQ(introspection_array({"{}", "{\"a\": 1}"}), "[\n{},\n{\"a\": 1}\n]\n");
  EXPECT_EQ(introspection_array({}), "[]\n");
}

TEST(Introspection, BecomesSourceOfAProgramThatDescribesItself) {
  const auto files = introspection_cxx({"{\"a\": 1}", "{}"}, "x::y");
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].name, "introspection.hpp");
  EXPECT_THAT(files[0].text, ::testing::HasSubstr("namespace x::y {"));
  EXPECT_EQ(files[1].name, "introspection.cpp");
  EXPECT_THAT(files[1].text, ::testing::HasSubstr("R\"({\"a\": 1})\" \"\\n\"\n    R\"({})\" \"\\n\""));
}

}  // namespace
}  // namespace guestd::schema
