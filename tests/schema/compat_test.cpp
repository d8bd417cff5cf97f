// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/compat.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "tests/schema/compiled.hpp"

namespace guestd::schema {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

using Lines = std::vector<std::string>;

/// `old:LINE: breaking: text` or `new:LINE: note: text` for every change.
Lines changes(const std::string& before, const std::string& now, Dialect dialect = {}) {
  const auto old_schema = compile(before, dialect);
  const auto new_schema = compile(now, dialect);
  EXPECT_FALSE(old_schema.diagnostics.any()) << testing::PrintToString(old_schema.errors());
  EXPECT_FALSE(new_schema.diagnostics.any()) << testing::PrintToString(new_schema.errors());
  Lines lines;
  for (const auto& change : compare(old_schema.schema, new_schema.schema)) {
    lines.push_back(std::string(change.in_old ? "old:" : "new:") + std::to_string(change.position.line) +
                    (change.breaking ? ": breaking: " : ": note: ") + change.text);
  }
  return lines;
}

/// The same for a single member `m` of the arguments, or of the result, of a command `go`.
Lines argument_changes(const std::string& before, const std::string& now, const std::string& types = "") {
  const auto schema = [&](const std::string& type) {
    return types + "{ 'command': 'go', 'data': { 'm': " + type + " } }";
  };
  return changes(schema(before), schema(now));
}
Lines result_changes(const std::string& before, const std::string& now, const std::string& types = "") {
  const auto schema = [&](const std::string& type) {
    return types + "{ 'struct': 'Result', 'data': { 'm': " + type + " } } { 'command': 'go', 'returns': 'Result' }";
  };
  return changes(schema(before), schema(now));
}

TEST(Compat, FindsNothingBetweenASchemaAndItself) {
  const std::string schema =
      "{ 'enum': 'Kind', 'data': [ 'a', 'b' ] }"
      "{ 'struct': 'Node', 'data': { '*next': 'Node', 'all': [ 'Node' ], 'kind': 'Kind' } }"
      "{ 'struct': 'Leaf', 'data': { 'text': 'str' } }"
      "{ 'union': 'Uni', 'base': { 'kind': 'Kind' }, 'discriminator': 'kind', 'data': { 'a': 'Leaf' } }"
      "{ 'alternate': 'Alt', 'data': { 'one': 'Node', 'name': 'str' } }"
      "{ 'command': 'go', 'data': { 'uni': 'Uni', 'alt': 'Alt' }, 'returns': [ 'Uni' ] }"
      "{ 'event': 'BOOM', 'data': { 'alt': [ 'Alt' ] } }";
  EXPECT_THAT(changes(schema, schema), IsEmpty());
}

TEST(Compat, TakesTheRemovalOfCommandsAndEventsForABreakAndAdditionsForNotes) {
  EXPECT_THAT(changes("{ 'command': 'one' }\n{ 'command': 'two' }\n{ 'event': 'BOOM' }",
                      "{ 'command': 'three' }\n{ 'event': 'BANG' }\n\n{ 'command': 'one' }"),
              ElementsAre("old:2: breaking: command 'two' was removed", "old:3: breaking: event 'BOOM' was removed",
                          "new:1: note: command 'three' is new", "new:2: note: event 'BANG' is new"));
}

TEST(Compat, ComparesArgumentsInTheDirectionOfTheServer) {
  EXPECT_THAT(changes("{ 'command': 'go', 'data': {\n 'kept': 'int',\n '*harder': 'int',\n 'easier': 'int',\n"
                      " '*gone': 'int' } }",
                      "{ 'command': 'go', 'data': {\n 'kept': 'int',\n 'harder': 'int',\n '*easier': 'int',\n"
                      " 'must': 'str',\n '*may': 'str' } }"),
              ElementsAre("new:3: breaking: command 'go': argument 'harder' became mandatory",
                          "old:5: breaking: command 'go': argument 'gone' was removed",
                          "new:5: breaking: command 'go': argument 'must' is new and mandatory"));
}

TEST(Compat, ComparesResultsInTheDirectionOfTheClient) {
  const std::string command = "\n{ 'command': 'go', 'returns': 'Result' }";
  EXPECT_THAT(changes("{ 'struct': 'Result', 'data': {\n '*surer': 'int',\n 'vaguer': 'int',\n 'gone': 'int',\n"
                      " '*rare': 'int' } }" +
                          command,
                      "{ 'struct': 'Other', 'data': {\n 'surer': 'int',\n '*vaguer': 'int',\n 'more': 'str' } }"
                      "{ 'command': 'go', 'returns': 'Other' }"),
              ElementsAre("new:3: breaking: command 'go': member 'vaguer' became optional",
                          "old:4: breaking: command 'go': member 'gone' was removed",
                          "old:5: note: command 'go': member 'rare' was removed",
                          "new:4: note: command 'go': member 'more' is new"));
}

TEST(Compat, TakesTheDataOfEventsForResults) {
  EXPECT_THAT(changes("{ 'event': 'BOOM', 'data': { 'a': 'int', 'b': 'int' } }",
                      "{ 'event': 'BOOM', 'data': { '*a': 'int', 'c': 'int' } }"),
              UnorderedElementsAre("new:1: breaking: event 'BOOM': member 'a' became optional",
                                   "old:1: breaking: event 'BOOM': member 'b' was removed",
                                   "new:1: note: event 'BOOM': member 'c' is new"));
}

struct Pair {
  std::string one;
  std::string other;
};
std::ostream& operator<<(std::ostream& out, const Pair& pair) { return out << pair.one << " and " << pair.other; }

const std::string kTypes =
    "{ 'enum': 'Kind', 'data': [ 'a', 'b' ] } { 'struct': 'Thing', 'data': {} }"
    "{ 'alternate': 'TextOrNone', 'data': { 'text': 'str', 'none': 'null' } }"
    "{ 'alternate': 'KindOrNumber', 'data': { 'kind': 'Kind', 'number': 'int' } }";

/// Whatever fits in one direction of values breaks in the other one, unless both types are the same.
class OneWay : public testing::TestWithParam<Pair> {};

TEST_P(OneWay, FitsArgumentsThatBecomeWiderAndResultsThatBecomeNarrower) {
  const auto& [narrow, wide] = GetParam();
  EXPECT_THAT(argument_changes(narrow, wide, kTypes), IsEmpty());
  EXPECT_THAT(result_changes(wide, narrow, kTypes), IsEmpty());
}

TEST_P(OneWay, BreaksTheOtherWayRound) {
  const auto& [narrow, wide] = GetParam();
  EXPECT_THAT(argument_changes(wide, narrow, kTypes),
              AllOf(Not(IsEmpty()), Each(HasSubstr("breaking: command 'go': argument 'm"))));
  EXPECT_THAT(result_changes(narrow, wide, kTypes),
              AllOf(Not(IsEmpty()), Each(HasSubstr("breaking: command 'go': member 'm"))));
}

INSTANTIATE_TEST_SUITE_P(Compat, OneWay,
                         testing::Values(Pair{"'int8'", "'int'"}, Pair{"'uint8'", "'int16'"},
                                         Pair{"'uint32'", "'size'"}, Pair{"'int'", "'number'"}, Pair{"'Kind'", "'str'"},
                                         Pair{"'Kind'", "'any'"}, Pair{"'Thing'", "'any'"},
                                         Pair{"[ 'Thing' ]", "'any'"}, Pair{"[ 'int8' ]", "[ 'int16' ]"},
                                         Pair{"'str'", "'TextOrNone'"}, Pair{"'Kind'", "'KindOrNumber'"},
                                         Pair{"'uint8'", "'KindOrNumber'"}));

/// What fits neither way.
class NoWay : public testing::TestWithParam<Pair> {};

TEST_P(NoWay, BreaksInBothDirectionsBothWays) {
  const auto& [one, other] = GetParam();
  for (const auto& lines : {argument_changes(one, other, kTypes), argument_changes(other, one, kTypes),
                            result_changes(one, other, kTypes), result_changes(other, one, kTypes)}) {
    EXPECT_THAT(lines, AllOf(Not(IsEmpty()), Each(HasSubstr("breaking: command 'go': "))));
  }
}

INSTANTIATE_TEST_SUITE_P(Compat, NoWay,
                         testing::Values(Pair{"'int'", "'str'"}, Pair{"'int'", "'uint64'"}, Pair{"'int8'", "'uint8'"},
                                         Pair{"'int'", "[ 'int' ]"}, Pair{"'Thing'", "'str'"},
                                         Pair{"'Thing'", "'Kind'"}, Pair{"[ 'Thing' ]", "'Thing'"},
                                         Pair{"'bool'", "'int'"}, Pair{"'null'", "'bool'"},
                                         Pair{"'bool'", "'TextOrNone'"}));

TEST(Compat, SaysWhatATypeWasAndIs) {
  EXPECT_THAT(argument_changes("[ 'int' ]", "'Kind'", kTypes),
              ElementsAre("new:1: breaking: command 'go': argument 'm' was list of int, is Kind"));
  EXPECT_THAT(changes("{ 'pragma': { 'command-returns-exceptions': [ 'go' ] } }{ 'command': 'go', 'returns': 'int' }",
                      "{ 'command': 'go' }"),
              ElementsAre("new:1: breaking: command 'go': the result was int, is nothing"));
}

TEST(Compat, TakesFewerEnumValuesForABreakInArgumentsAndMoreForANoteInResults) {
  const auto schema = [](const std::string& values) {
    return "{ 'enum': 'Kind', 'data': [ " + values +
           " ] } { 'struct': 'Result', 'data': { 'is': 'Kind' } }"
           "{ 'command': 'go', 'data': { 'kind': 'Kind' }, 'returns': 'Result' }";
  };
  EXPECT_THAT(changes(schema("'a',\n'b'"), schema("'a'")),
              ElementsAre("old:2: breaking: command 'go': argument 'kind' no longer takes value 'b'"));
  EXPECT_THAT(changes(schema("'a'"), schema("'a',\n'b'")),
              ElementsAre("new:2: note: command 'go': member 'is' has a new value 'b'"));
}

TEST(Compat, ComparesUnionsCaseByCase) {
  const std::string head = "{ 'enum': 'Kind', 'data': [ 'a', 'b' ] } { 'struct': 'Aa', 'data': { 'x': 'int' } }\n";
  const std::string tail = "{ 'command': 'go', 'data': 'Uni', 'boxed': true }";
  const std::string base = "{ 'union': 'Uni', 'base': { 'kind': 'Kind' }, 'discriminator': 'kind', 'data': ";
  EXPECT_THAT(changes(head + base + "{ 'a': 'Aa' } }" + tail,
                      "{ 'struct': 'Bb', 'data': { 'y': 'int' } }" + head + base + "{ 'a': 'Aa', 'b': 'Bb' } }" + tail),
              ElementsAre("new:1: breaking: command 'go': argument 'y' is new and mandatory"));
  EXPECT_THAT(changes(head + base + "{ 'a': 'Aa' } }" + tail,
                      "{ 'struct': 'Bb', 'data': {} }" + head + base + "{ 'b': 'Bb' } }" + tail),
              ElementsAre("old:1: breaking: command 'go': argument 'x' was removed"));
}

TEST(Compat, ComparesUnionsInsideOfUnions) {
  const auto schema = [](const std::string& type) {
    return "{ 'enum': 'Outer', 'data': [ 'a' ] } { 'enum': 'Inner', 'data': [ 'b' ] }"
           "{ 'struct': 'Leaf', 'data': { 'x': '" +
           type +
           "' } } { 'union': 'Nested', 'base': { 'inner': 'Inner' }, 'discriminator': 'inner', 'data': { 'b': 'Leaf' } "
           "}"
           "{ 'union': 'Uni', 'base': { 'outer': 'Outer' }, 'discriminator': 'outer', 'data': { 'a': 'Nested' } }"
           "{ 'command': 'go', 'data': 'Uni', 'boxed': true }";
  };
  EXPECT_THAT(changes(schema("int"), schema("int8")),
              ElementsAre("new:1: breaking: command 'go': argument 'x' was int, is int8"));
}

TEST(Compat, DoesNotMindWhetherAMemberIsCommonOrInEveryBranchOrInABase) {
  const std::string tail = "{ 'command': 'go', 'data': 'Uni', 'boxed': true, 'returns': 'Uni' }";
  EXPECT_THAT(changes("{ 'enum': 'Kind', 'data': [ 'a', 'b' ] } { 'struct': 'Aa', 'data': { 'x': 'int' } }"
                      "{ 'union': 'Uni', 'base': { 'kind': 'Kind' }, 'discriminator': 'kind',"
                      "  'data': { 'a': 'Aa', 'b': 'Aa' } }" +
                          tail,
                      "{ 'enum': 'Sort', 'data': [ 'b', 'a' ] } { 'struct': 'Base', 'data': { 'x': 'int' } }"
                      "{ 'struct': 'Uni', 'base': 'Base', 'data': { 'kind': 'Sort' } }" +
                          tail),
              IsEmpty());
}

TEST(Compat, TakesAnotherTagForABreak) {
  const auto schema = [](const std::string& tag) {
    return "{ 'enum': 'Kind', 'data': [ 'a' ] } { 'struct': 'Aa', 'data': {} }"
           "{ 'union': 'Uni', 'base': { 'kind': 'Kind', 'sort': 'Kind' }, 'discriminator': '" +
           tag + "', 'data': { 'a': 'Aa' } } { 'command': 'go', 'data': { 'uni': 'Uni' } }";
  };
  EXPECT_THAT(
      changes(schema("kind"), schema("sort")),
      ElementsAre("new:1: breaking: command 'go': argument 'uni' is now told apart by 'sort' instead of 'kind'"));
}

TEST(Compat, NamesThePathToWhatChangedInsideOfTypes) {
  const auto schema = [](const std::string& type) {
    return "{ 'struct': 'Inner', 'data': { 'deep': '" + type +
           "' } } { 'struct': 'Outer', 'data': { 'all': [ 'Inner' ] } }"
           "{ 'command': 'go', 'data': { 'it': 'Outer' }, 'returns': [ 'Outer' ] }";
  };
  EXPECT_THAT(changes(schema("int"), schema("str")),
              ElementsAre("new:1: breaking: command 'go': argument 'it.all[].deep' was int, is str",
                          "new:1: breaking: command 'go': member 'all[].deep' was int, is str"));
}

TEST(Compat, EndsOnTypesThatHoldThemselves) {
  const auto schema = [](const std::string& type) {
    return "{ 'struct': 'Node', 'data': { '*next': 'Node', 'value': '" + type +
           "' } } { 'alternate': 'Tree', 'data': { 'leaf': 'str', 'more': [ 'Tree' ], 'node': 'Node' } }"
           "{ 'command': 'go', 'data': { 'node': 'Node', 'tree': 'Tree' } }";
  };
  EXPECT_THAT(changes(schema("int"), schema("int8")),
              ElementsAre("new:1: breaking: command 'go': argument 'node.value' was int, is int8"));
}

TEST(Compat, TakesSchemasThatAreDeepAndWide) {
  constexpr int kDepth = 20000;
  const auto schema = [](const std::string& last) {
    std::string text = "{ 'command': 'go', 'data': { 'it': 'Type0' } }\n";
    for (int index = 0; index < kDepth; ++index) {
      const auto name = "Type" + std::to_string(index);
      const auto next = index + 1 < kDepth ? "Type" + std::to_string(index + 1) : last;
      text += "{ 'struct': '" + name + "', 'data': { 'm': '" + next + "' } }\n";
    }
    return text;
  };
  EXPECT_THAT(changes(schema("int"), schema("str")), ElementsAre(HasSubstr(".m' was int, is str")));
}

TEST(Compat, SaysWhichBranchOfAnAlternateIsGoneOrNew) {
  const auto schema = [](const std::string& branches, const std::string& command) {
    return "{ 'struct': 'Thing', 'data': {} } { 'alternate': 'Alt', 'data': { " + branches +
           " } } { 'struct': 'Result', 'data': { 'm': 'Alt' } }" + command;
  };
  const std::string sent = "{ 'command': 'go', 'data': { 'm': 'Alt' } }";
  const std::string received = "{ 'command': 'go', 'returns': 'Result' }";
  EXPECT_THAT(changes(schema("'a': 'str',\n'b': 'Thing'", sent), schema("'a': 'str'", sent)),
              ElementsAre("old:2: breaking: command 'go': argument 'm' can no longer be Thing"));
  EXPECT_THAT(changes(schema("'a': 'str'", received), schema("'a': 'str',\n'b': 'Thing'", received)),
              ElementsAre("new:2: breaking: command 'go': member 'm' can now be Thing"));
  EXPECT_THAT(changes(schema("'a': 'str'", sent), schema("'a': 'str', 'b': 'Thing'", sent)), IsEmpty());
}

TEST(Compat, NotesFeaturesAndConditions) {
  EXPECT_THAT(changes("{ 'command': 'go', 'features': [ 'fast' ],\n 'data': { 'm': 'int' } }",
                      "{ 'command': 'go', 'features': [ 'deprecated' ], 'if': 'CONFIG_GO',\n"
                      " 'data': { 'm': { 'type': 'int', 'features': [ 'unstable' ] } } }"),
              ElementsAre("old:1: note: command 'go' has lost feature 'fast'",
                          "new:1: note: command 'go' has a new feature 'deprecated'",
                          "new:1: note: command 'go' depends on another condition",
                          "new:2: note: command 'go': argument 'm' has a new feature 'unstable'"));
}

TEST(Compat, KnowsWhichPropertiesOfACommandMatter) {
  EXPECT_THAT(
      changes("{ 'command': 'go', 'gen': false, 'success-response': false }", "{ 'command': 'go', 'coroutine': true }"),
      IsEmpty());
  EXPECT_THAT(changes("{ 'command': 'go', 'allow-oob': true, 'allow-preconfig': true }", "{ 'command': 'go' }"),
              ElementsAre("new:1: breaking: command 'go' can no longer be executed out of band",
                          "new:1: breaking: command 'go' can no longer be executed before the configuration"));
}

TEST(Compat, SaysNothingAboutTypesOfWhichNothingIsKnown) {
  EXPECT_THAT(changes("{ 'command': 'go', 'data': { 'm': 'Gone' } }", "{ 'command': 'go', 'data': { 'm': 'int' } }",
                      {.partial = true}),
              IsEmpty());
}

}  // namespace
}  // namespace guestd::schema
