// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/checker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "tests/schema/compiled.hpp"

namespace guestd::schema {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

struct Case {
  const char* text;
  std::vector<std::string> errors;  // without "test.json:" and "error: ", such as "1: text"
};

/// The number of the case is name enough; its bytes would change from run to run.
void PrintTo(const Case&, std::ostream* out) { *out << "case"; }

class BadSchema : public testing::TestWithParam<Case> {};

TEST_P(BadSchema, IsReportedWithAllItsErrors) {
  std::vector<std::string> wanted;
  for (const auto& error : GetParam().errors) {
    const auto colon = error.find(": ");
    wanted.push_back("test.json:" + error.substr(0, colon) + ": error: " + error.substr(colon + 2));
  }
  EXPECT_THAT(compile(GetParam().text).errors(), ElementsAreArray(wanted)) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Definitions, BadSchema,
    testing::Values(Case{"{ 'thing': 'X' }",
                         {"1: expected one of the keys enum, struct, union, alternate, command, "
                          "event, include, pragma"}},
                    Case{"{ 'struct': [ 'X' ], 'data': {} }", {"1: 'struct' must be a string"}},
                    Case{"{ 'struct': 'Xa', 'data': {} }\n{ 'enum': 'Xa', 'data': [] }",
                         {"2: 'Xa' is already defined"}},
                    Case{"{ 'struct': 'str', 'data': {} }",
                         {"1: struct name 'str' must be in CamelCase", "1: 'str' is a built-in type"}},
                    Case{"{ 'struct': 'Xa' }", {"1: struct misses key 'data'"}},
                    Case{"{ 'struct': 'Xa',\n  'data': {},\n  'bad': true }", {"3: struct has unknown key 'bad'"}},
                    Case{"{ 'struct': 'Xa', 'data': [] }", {"1: members of 'Xa' must be an object"}},
                    Case{"{ 'struct': 'Xa', 'data': {}, 'gen': false }", {"1: struct has unknown key 'gen'"}}));

INSTANTIATE_TEST_SUITE_P(
    Names, BadSchema,
    testing::Values(
        Case{"{ 'struct': 'x-a', 'data': {} }", {"1: struct name 'x-a' must be in CamelCase"}},
        Case{"{ 'struct': 'Xa b', 'data': {} }", {"1: struct name 'Xa b' is not valid"}},
        Case{"{ 'struct': '', 'data': {} }", {"1: struct name '' is not valid"}},
        Case{"{ 'struct': 'FooList', 'data': {} }", {"1: struct name 'FooList' ends with the reserved 'List'"}},
        Case{"{ 'struct': 'Xa', 'data': { 'a_b': 'str' } }",
             {"1: member name 'a_b' must be in lower case, with '-' between words"}},
        Case{"{ 'struct': 'Xa', 'data': { 'q-a': 'str' } }", {"1: member name 'q-a' begins with the reserved 'q_'"}},
        Case{"{ 'struct': 'Xa', 'data': { 'has-a': 'str' } }", {"1: member name 'has-a' is reserved"}},
        Case{"{ 'struct': 'Xa', 'data': { 'u': 'str' } }", {"1: member name 'u' is reserved"}},
        Case{"{ 'struct': 'Xa', 'data': { '1a': 'str' } }", {"1: member name '1a' is not valid"}},
        Case{"{ 'command': 'Do-it' }", {"1: command name 'Do-it' must be in lower case, with '-' between words"}},
        Case{"{ 'command': 'do-it' }\n{ 'event': 'DO-IT' }",
             {"2: event name 'DO-IT' must be in upper case, with '_' between words"}}));

INSTANTIATE_TEST_SUITE_P(
    Structs, BadSchema,
    testing::Values(
        Case{"{ 'struct': 'Xa', 'data': {\n 'a': 'One',\n 'b': [ 'Two' ] } }",
             {"2: unknown type 'One'", "3: unknown type 'Two'"}},
        Case{"{ 'struct': 'Xa', 'data': { 'a': true } }", {"1: expected the name of a type"}},
        Case{"{ 'struct': 'Xa', 'data': { 'a': [] } }", {"1: a list type holds the name of one type"}},
        Case{"{ 'struct': 'Xa', 'data': { 'a': [ 'str', 'int' ] } }", {"1: a list type holds the name of one type"}},
        Case{"{ 'struct': 'Xa', 'data': { 'a': { 'features': [] } } }", {"1: member 'a' misses key 'type'"}},
        Case{"{ 'struct': 'Xa', 'data': { 'a': 'str', '*a': 'str' } }", {"1: member 'a' stands here twice"}},
        Case{"{ 'struct': 'Xa', 'base': 'Yb', 'data': { 'a': 'str' } }\n{ 'struct': 'Yb', 'data': { 'a': 'str' } }",
             {"1: member 'a' clashes with 'a' of the base"}},
        Case{"{ 'struct': 'Xa', 'base': 'Xa', 'data': {} }", {"1: 'Xa' is its own base"}},
        Case{"{ 'struct': 'Xa', 'base': 'Yb', 'data': {} }\n{ 'struct': 'Yb', 'base': 'Xa', 'data': {} }",
             {"1: 'Xa' is its own base", "2: 'Yb' is its own base"}},
        Case{"{ 'struct': 'Xa', 'base': 'int', 'data': {} }", {"1: base 'int' of 'Xa' is not a struct"}},
        Case{"{ 'struct': 'Xa', 'base': {}, 'data': {} }", {"1: 'base' must be the name of a struct"}},
        Case{"{ 'struct': 'Xa', 'data': {}, 'features': 'f' }", {"1: 'features' must be a list"}},
        Case{"{ 'struct': 'Xa', 'data': {}, 'features': [ 'f', { 'name': 'f' } ] }",
             {"1: feature 'f' stands here twice"}}));

INSTANTIATE_TEST_SUITE_P(
    Enums, BadSchema,
    testing::Values(Case{"{ 'enum': 'Xa', 'data': {} }", {"1: values of 'Xa' must be a list"}},
                    Case{"{ 'enum': 'Xa', 'data': [ 'a', 'b',\n'a' ] }", {"2: enum value 'a' stands here twice"}},
                    Case{"{ 'enum': 'Xa', 'data': [ true ] }", {"1: an enum value must be a string or an object"}},
                    Case{"{ 'enum': 'Xa', 'data': [ { 'nme': 'a' } ] }",
                         {"1: enum value has unknown key 'nme'", "1: enum value misses key 'name'"}},
                    Case{"{ 'enum': 'Xa', 'data': [ 'a-b', 'ab', 'a-B' ] }",
                         {"1: enum value name 'a-B' must be in lower case, with '-' between words"}}));

constexpr const char* kEnum = "{ 'enum': 'Ee', 'data': [ 'a', 'b' ] }\n{ 'struct': 'Sa', 'data': { 'x': 'int' } }\n";

Case with_enum(const char* text, std::vector<std::string> errors) {
  static std::vector<std::string> texts;  // keeps the text of each case
  texts.reserve(64);
  return {texts.emplace_back(std::string(kEnum) + text).c_str(), std::move(errors)};
}

INSTANTIATE_TEST_SUITE_P(
    Unions, BadSchema,
    testing::Values(
        with_enum("{ 'union': 'Uu', 'base': { 't': 'Ee' }, 'data': { 'a': 'Sa' } }",
                  {"3: union misses key 'discriminator'"}),
        with_enum("{ 'union': 'Uu', 'base': { 't': 'Ee' }, 'discriminator': 'z', 'data': { 'a': 'Sa' } }",
                  {"3: discriminator 'z' is not a member of the base"}),
        with_enum("{ 'union': 'Uu', 'base': { 't': 'str' }, 'discriminator': 't', 'data': { 'a': 'Sa' } }",
                  {"3: discriminator 't' must be a mandatory member of an enum type"}),
        with_enum("{ 'union': 'Uu', 'base': { '*t': 'Ee' }, 'discriminator': 't', 'data': { 'a': 'Sa' } }",
                  {"3: discriminator 't' must be a mandatory member of an enum type"}),
        with_enum("{ 'union': 'Uu', 'base': { 't': 'Ee' }, 'discriminator': 't', 'data': { 'c': 'Sa' } }",
                  {"3: branch 'c' is not a value of enum 'Ee'"}),
        with_enum("{ 'union': 'Uu', 'base': { 't': 'Ee' }, 'discriminator': 't', 'data': { 'a': 'int' } }",
                  {"3: branch 'a' must be a struct"}),
        with_enum("{ 'union': 'Uu', 'base': { 't': 'Ee' }, 'discriminator': 't', 'data': { 'a': [ 'Sa' ] } }",
                  {"3: branch 'a' cannot be a list"}),
        with_enum("{ 'union': 'Uu', 'base': { 't': 'Ee' }, 'discriminator': 't', 'data': {} }",
                  {"3: union 'Uu' has no branches"}),
        with_enum("{ 'union': 'Uu', 'base': { 't': 'Ee', 'x': 'str' }, 'discriminator': 't', 'data': { 'a': 'Sa' } }",
                  {"3: in branch 'a' member 'x' clashes with 'x'"}),
        with_enum("{ 'union': 'Uu', 'base': 'None', 'discriminator': 't', 'data': { 'a': 'Sa' } }",
                  {"3: unknown type 'None'"}),
        with_enum("{ 'alternate': 'Aa', 'data': { 'x': 'str', 'y': 'Ee' } }",
                  {"3: branch 'y' has the same JSON type as 'x'"}),
        with_enum("{ 'alternate': 'Aa', 'data': { 'x': 'int', 'y': 'number' } }",
                  {"3: branch 'y' has the same JSON type as 'x'"}),
        with_enum("{ 'alternate': 'Aa', 'data': { 'x': 'any' } }",
                  {"3: branch 'x' cannot be told from others by its JSON type"}),
        with_enum("{ 'alternate': 'Aa', 'data': { '*x': 'int' } }", {"3: branch 'x' cannot be optional"}),
        with_enum("{ 'alternate': 'Aa', 'data': {} }", {"3: alternate 'Aa' has no branches"})));

INSTANTIATE_TEST_SUITE_P(
    Commands, BadSchema,
    testing::Values(
        with_enum("{ 'command': 'do', 'data': 'Ee' }", {"3: arguments of 'do' must be a struct"}),
        with_enum("{ 'command': 'do', 'data': 'Un' }\n"
                  "{ 'union': 'Un', 'base': { 't': 'Ee' }, 'discriminator': 't', 'data': { 'a': 'Sa' } }",
                  {"3: arguments of 'do' must be a struct unless 'boxed' is set"}),
        with_enum("{ 'command': 'do', 'returns': 'int' }", {"3: 'do' must return an object or a list of objects"}),
        with_enum("{ 'command': 'do', 'returns': [ 'Ee' ] }", {"3: 'do' must return an object or a list of objects"}),
        with_enum("{ 'command': 'do', 'returns': 'do' }", {"3: unknown type 'do'"}),
        Case{"{ 'command': 'do', 'boxed': true }", {"1: 'boxed' needs 'data'"}},
        Case{"{ 'command': 'do', 'boxed': true, 'data': { 'a': 'int' } }",
             {"1: 'boxed' needs 'data' to be the name of a type"}},
        Case{"{ 'command': 'do', 'success-response': true }", {"1: flag 'success-response' may only be false"}},
        Case{"{ 'command': 'do', 'gen': 'no' }", {"1: flag 'gen' may only be false"}},
        Case{"{ 'command': 'do', 'coroutine': false }", {"1: flag 'coroutine' may only be true"}},
        Case{"{ 'command': 'do', 'coroutine': true, 'allow-oob': true }",
             {"1: 'allow-oob' and 'coroutine' exclude each other"}},
        Case{"{ 'command': 'do', 'data': {\n 'class': 'str',\n 'a-b': 'str' },\n 'bad': 'x' }",
             {"4: command has unknown key 'bad'"}}));

INSTANTIATE_TEST_SUITE_P(
    Pragmas, BadSchema,
    testing::Values(Case{"{ 'pragma': { 'other': true } }", {"1: unknown pragma 'other'"}},
                    Case{"{ 'pragma': 'x' }", {"1: value of 'pragma' must be an object"}},
                    Case{"{ 'pragma': { 'doc-required': 'x' } }", {"1: pragma 'doc-required' must be true or false"}},
                    Case{"{ 'pragma': { 'member-name-exceptions': 'x' } }",
                         {"1: pragma 'member-name-exceptions' must be a list of strings"}},
                    Case{"{ 'pragma': {}, 'struct': 'Xa' }", {"1: 'pragma' stands alone: no other key is allowed"}},
                    Case{"{ 'include': [ 'x' ] }", {"1: value of 'include' must be a string"}},
                    Case{"{ 'pragma': { 'doc-required': true } }\n{ 'command': 'do' }",
                         {"2: 'do' is not documented"}}));

INSTANTIATE_TEST_SUITE_P(
    Documentation, BadSchema,
    testing::Values(
        Case{"##\n# @xy:\n##\n{ 'command': 'do' }", {"1: documentation is for 'xy', but 'do' follows"}},
        Case{"##\n# @do:\n#\n# @a: x\n#\n# @c: x\n##\n{ 'command': 'do', 'data': {\n'a': 'int',\n'b': 'int' } }",
             {"6: documented member 'c' does not exist", "10: member 'b' is not documented"}},
        Case{"##\n# @do:\n#\n# Features:\n#\n# @f: x\n##\n{ 'command': 'do', 'features': [ 'g' ] }",
             {"1: feature 'g' is not documented", "6: documented feature 'f' does not exist"}},
        Case{"##\n# @do:\n#\n# Returns: x\n##\n{ 'command': 'do' }", {"4: 'Returns' although nothing is returned"}},
        Case{"##\n# @Xa:\n#\n# Errors: x\n##\n{ 'struct': 'Xa', 'data': {} }", {"4: 'Errors' is for commands only"}},
        Case{"##\n# @do:\n#\n# Since: 1\n#\n# Since: 2\n##\n{ 'command': 'do' }", {"6: second section 'Since'"}},
        Case{"##\n# @Xa:\n#\n# @a: x\n##\n{ 'enum': 'Xa', 'data': [ 'a',\n'b' ] }",
             {"7: member 'b' is not documented"}}));

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

}  // namespace
}  // namespace guestd::schema
