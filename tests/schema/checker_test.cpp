// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/checker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/schema/compiled.hpp"

namespace guestd::schema {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What is refused, and with which words, is the subject of cases/ and cases_test.cpp.

TEST(Checker, BuildsTheModelOfAGoodSchema) {
  const auto compiled = compile(
      "{ 'pragma': { 'command-returns-exceptions': [ 'do-it' ] } }\n"
      "{ 'enum': 'Color', 'data': [ 'red', { 'name': 'green', 'features': [ 'odd' ] } ] }\n"
      "{ 'struct': 'Base', 'data': { 'color': 'Color' } }\n"
      "{ 'struct': 'More', 'data': { '*n': { 'type': [ 'uint8' ], 'features': [ 'f' ] } } }\n"
      "{ 'union': 'Pick', 'base': 'Base', 'discriminator': 'color', 'data': { 'red': 'More' } }\n"
      "{ 'alternate': 'Either', 'data': { 'n': 'int', 'o': 'Base' } }\n"
      "{ 'command': 'do-it', 'data': 'Pick', 'boxed': true, 'returns': 'int', 'success-response': false,\n"
      "  'coroutine': true, 'gen': false, 'features': [ 'x' ] }\n"
      "{ 'command': 'again', 'data': { 'a': 'Either', '*b': 'any' }, 'returns': [ 'More' ] }\n");
  ASSERT_THAT(compiled.errors(), IsEmpty());
  const Schema& schema = compiled.schema;
  const Type* pick = schema.find_type("Pick");
  ASSERT_NE(pick, nullptr);
  EXPECT_TRUE(pick->is_union());
  EXPECT_EQ(all_members(*pick->object()).front()->name, "color");
  EXPECT_EQ(find_branch(*pick->object(), "red")->type, schema.find_type("More"));
  EXPECT_EQ(find_branch(*pick->object(), "green"), nullptr);
  const Member& n = schema.find_type("More")->object()->members[0];
  EXPECT_TRUE(n.optional);
  EXPECT_TRUE(n.use.list);
  EXPECT_EQ(n.use.type->name, "uint8");
  EXPECT_TRUE(has_feature(n.features, "f"));
  const Command& command = *schema.commands[0];
  EXPECT_EQ(command.arguments, pick);
  EXPECT_TRUE(command.boxed);
  EXPECT_TRUE(command.coroutine);
  EXPECT_FALSE(command.success_response);
  EXPECT_FALSE(command.gen);
  EXPECT_TRUE(has_feature(command.features, "x"));
  EXPECT_TRUE(schema.commands[1]->returns->list);
  EXPECT_EQ(schema.commands[1]->arguments->name, "");
}

Condition macro(std::string name) { return {Condition::Kind::kMacro, std::move(name), {}}; }

TEST(Checker, KeepsConditionsOfEverythingThatMayHaveOne) {
  const auto compiled = compile(
      "{ 'enum': 'Color', 'data': [ { 'name': 'red', 'if': 'A' } ], 'if': { 'not': 'B' } }\n"
      "{ 'struct': 'Point', 'data': { 'x': { 'type': 'int', 'if': 'C' } },\n"
      "  'features': [ { 'name': 'own', 'if': 'D' } ] }\n"
      "{ 'union': 'Shape', 'base': { 'color': 'Color' }, 'discriminator': 'color',\n"
      "  'data': { 'red': { 'type': 'Point', 'if': 'E' } } }\n"
      "{ 'alternate': 'Value', 'data': { 's': { 'type': 'str', 'if': 'F' } } }\n"
      "{ 'command': 'do', 'if': { 'all': [ 'G', { 'any': [ 'H' ] } ] } }\n"
      "{ 'event': 'DONE', 'if': 'I' }\n");
  ASSERT_THAT(compiled.errors(), IsEmpty());
  const Schema& schema = compiled.schema;
  using Kind = Condition::Kind;
  EXPECT_EQ(schema.find_type("Color")->condition, (Condition{Kind::kNot, {}, {macro("B")}}));
  EXPECT_EQ(schema.find_type("Color")->enumeration()->values[0].condition, macro("A"));
  EXPECT_EQ(schema.find_type("Point")->condition, Condition{});
  EXPECT_EQ(schema.find_type("Point")->object()->members[0].condition, macro("C"));
  EXPECT_EQ(schema.find_type("Point")->features[0].condition, macro("D"));
  EXPECT_EQ(schema.find_type("Shape")->object()->branches[0].condition, macro("E"));
  EXPECT_EQ(schema.find_type("Value")->alternate()->branches[0].condition, macro("F"));
  EXPECT_EQ(schema.commands[0]->condition, (Condition{Kind::kAll, {}, {macro("G"), {Kind::kAny, {}, {macro("H")}}}}));
  EXPECT_EQ(schema.events[0]->condition, macro("I"));
}

TEST(Checker, ReadsTheOlderFormsOfConditions) {
  const auto compiled = compile("{ 'command': 'do', 'if': [ 'A', 'defined(B)' ] }\n", {true, false});
  using Kind = Condition::Kind;
  EXPECT_EQ(compiled.schema.commands[0]->condition,
            (Condition{Kind::kAll, {}, {macro("A"), {Kind::kExpression, "defined(B)", {}}}}));
}

TEST(Checker, KnowsEvents) {
  const auto compiled = compile(
      "{ 'struct': 'Point', 'data': { 'x': 'int' } }\n{ 'event': 'ONE' }\n"
      "{ 'event': 'TWO', 'data': { 'a': 'int' }, 'features': [ 'own' ] }\n"
      "{ 'event': 'THREE', 'data': 'Point', 'boxed': true }\n");
  ASSERT_THAT(compiled.errors(), IsEmpty());
  const auto& events = compiled.schema.events;
  EXPECT_EQ(events[0]->data, nullptr);
  EXPECT_EQ(events[1]->data->name, "");
  EXPECT_EQ(events[1]->data->object()->members[0].name, "a");
  EXPECT_TRUE(has_feature(events[1]->features, "own"));
  EXPECT_EQ(events[2]->data, compiled.schema.find_type("Point"));
  EXPECT_TRUE(events[2]->boxed);
  EXPECT_EQ(compiled.schema.items.size(), 4U);
}

TEST(Checker, MakesTheImplicitTypesOfASimpleUnion) {
  const auto compiled =
      compile("{ 'union': 'Shape', 'data': { 'a': 'int', 'b': [ 'int' ], 'c': 'int' } }\n", {true, false});
  ASSERT_THAT(compiled.errors(), IsEmpty());
  const ObjectType& shape = *compiled.schema.find_type("Shape")->object();
  EXPECT_TRUE(shape.simple);
  EXPECT_EQ(shape.discriminator, "type");
  const Type* kind = compiled.schema.find_type("ShapeKind");
  ASSERT_NE(kind, nullptr);
  EXPECT_TRUE(kind->implicit);
  EXPECT_EQ(find_member(shape, "type")->use.type, kind);
  EXPECT_EQ(kind->enumeration()->values.size(), 3U);
  const Type* wrapper = find_branch(shape, "b")->type;
  EXPECT_TRUE(wrapper->implicit);
  EXPECT_EQ(wrapper->name, "q_obj_intList-wrapper");
  EXPECT_EQ(wrapper->object()->members[0].name, "data");
  EXPECT_TRUE(wrapper->object()->members[0].use.list);
  EXPECT_EQ(find_branch(shape, "a")->type, find_branch(shape, "c")->type);
  EXPECT_EQ(compiled.schema.items.size(), 1U) << "items are what the files hold";
}

TEST(Checker, PutsPlaceholdersWhereTypesAreMissing) {
  const auto compiled =
      compile("{ 'struct': 'Point', 'base': 'Other', 'data': { 'x': [ 'Other' ] } }\n", {false, true});
  EXPECT_THAT(compiled.errors(), ElementsAre("test.json:1: warning: unknown type 'Other'"));
  const Type* other = compiled.schema.find_type("Other");
  ASSERT_NE(other, nullptr);
  EXPECT_TRUE(other->unresolved);
  const ObjectType& point = *compiled.schema.find_type("Point")->object();
  EXPECT_EQ(point.base, other);
  EXPECT_EQ(all_members(point).size(), 1U);
  EXPECT_EQ(point.members[0].use.type, other);
}

TEST(Checker, MakesQTypeForThoseThatNameIt) {
  EXPECT_EQ(compile("{ 'command': 'do' }").schema.find_type("QType"), nullptr);
  const auto compiled = compile("{ 'struct': 'Point', 'data': { 'x': 'QType' } }");
  const Type* type = compiled.schema.find_type("QType");
  ASSERT_NE(type, nullptr);
  EXPECT_TRUE(type->implicit);
  EXPECT_EQ(type->enumeration()->values.size(), 7U);
}

TEST(Checker, CountsWhatTheFilesDefine) {
  const auto compiled = compile(
      "{ 'union': 'Shape', 'data': { 'a': 'int', 'b': 'QType', 'c': 'Other' } }\n{ 'event': 'ONE' }\n"
      "{ 'alternate': 'Value', 'data': { 's': 'str' } }\n{ 'command': 'do', 'data': { 'x': 'int' } }\n",
      {true, true});
  EXPECT_EQ(count_definitions(compiled.schema),
            (Counts{.commands = 1, .events = 1, .structs = 0, .enums = 0, .unions = 1, .alternates = 1}));
}

}  // namespace
}  // namespace guestd::schema
