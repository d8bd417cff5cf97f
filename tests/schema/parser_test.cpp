// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

namespace guestd::schema {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Parsed {
  Sources sources;
  Diagnostics diagnostics;
  std::vector<Expression> expressions;

  [[nodiscard]] std::vector<std::string> errors() const { return diagnostics.lines(sources); }
};

Parsed parsed(const std::string& text) {
  Parsed result;
  result.expressions = parse(result.sources, result.sources.add("t", text), {}, result.diagnostics);
  return result;
}

TEST(Parser, KeepsKeysInOrderWithTheirLines) {
  const auto result = parsed("{ 'b': [ 'x', true ],\n  'a': { 'c': false } }\n");
  EXPECT_THAT(result.errors(), IsEmpty());
  ASSERT_EQ(result.expressions.size(), 1U);
  const Value& value = *result.expressions[0].value;
  ASSERT_EQ(value.keys.size(), 2U);
  EXPECT_EQ(value.keys[0].name, "b");
  EXPECT_EQ(value.keys[1].name, "a");
  EXPECT_EQ(value.keys[1].position.line, 2U);
  EXPECT_EQ(value.find("b")->items[0].text, "x");
  EXPECT_TRUE(value.find("b")->items[1].truth);
  EXPECT_FALSE(value.find("a")->find("c")->truth);
  EXPECT_EQ(value.find("z"), nullptr);
}

TEST(Parser, PassesOverComments) {
  const auto result = parsed("# one\n  # two\n{ 'a': # three\n 'b' }\n#");
  EXPECT_THAT(result.errors(), IsEmpty());
  EXPECT_EQ(result.expressions.size(), 1U);
}

TEST(Parser, GivesDocumentationToTheDefinitionThatFollows) {
  const auto result = parsed("##\n# @X:\n#\n# Text.\n##\n{ 'struct': 'X' }\n##\n# = Title\n##\n");
  EXPECT_THAT(result.errors(), IsEmpty());
  ASSERT_EQ(result.expressions.size(), 2U);
  EXPECT_EQ(result.expressions[0].doc->symbol, "X");
  EXPECT_FALSE(result.expressions[1].value.has_value());
  EXPECT_EQ(result.expressions[1].doc->title, "Title");
}

TEST(Parser, GoesOnAfterAnErrorWithTheNextDefinition) {
  const auto result = parsed("{ 'a' 'b' }\n{ 'c': 1 }\n{ 'd': 'e' }\n");
  EXPECT_THAT(result.errors(),
              ElementsAre("t:1: error: expected ':'", "t:2: error: expected '{', '[', a string, true or false"));
  ASSERT_EQ(result.expressions.size(), 1U);
  EXPECT_EQ(result.expressions[0].value->keys[0].name, "d");
}

TEST(Parser, BoundsItsRecursion) {
  const auto result = parsed("{ 'a': " + std::string(1'000'000, '['));
  EXPECT_THAT(result.errors(), ElementsAre("t:1: error: nested too deeply"));
}

struct Case {
  const char* text;
  const char* error;
};

/// The number of the case is name enough; its bytes would change from run to run.
void PrintTo(const Case&, std::ostream* out) { *out << "case"; }

class BadText : public testing::TestWithParam<Case> {};

TEST_P(BadText, IsReportedWithItsLine) {
  EXPECT_THAT(parsed(GetParam().text).errors(), testing::Contains(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Parser, BadText,
    testing::Values(Case{"\n$", "t:2: error: stray '$'"}, Case{"\x01", "t:1: error: stray '\\x01'"},
                    Case{"{ 'a", "t:1: error: missing terminating \"'\""},
                    Case{"{ 'a\n': 'b' }", "t:1: error: missing terminating \"'\""},
                    Case{"{ 'a\\n': 'b' }", "t:1: error: '\\' is not allowed in a string"},
                    Case{"{ 'a': 'b', }", "t:1: error: expected a string as key"},
                    Case{"{ 'a': 'b' 'c': 'd' }", "t:1: error: expected ',' or '}'"},
                    Case{"{ 'a': [ 'b' 'c' ] }", "t:1: error: expected ',' or ']'"},
                    Case{"{ 'a': [ 'b', ] }", "t:1: error: expected '{', '[', a string, true or false"},
                    Case{"{ 'a': 'b',\n  'a': 'c' }", "t:2: error: duplicate key 'a'"},
                    Case{"{ 'a': null }", "t:1: error: expected '{', '[', a string, true or false"},
                    Case{"[ 'a' ]", "t:1: error: expected '{' of a definition"},
                    Case{"{ 'a':", "t:1: error: expected '{', '[', a string, true or false"},
                    Case{"{ \"a\": 'b' }", "t:1: error: stray '\"'"},
                    Case{"##\n# @X:\n", "t:1: error: documentation does not end with '##'"},
                    Case{"##\n# @X:\n##\n", "t:1: error: documentation of 'X' is not followed by its definition"},
                    Case{"##\n#X\n##\n", "t:2: error: missing space after '#'"},
                    Case{"##\n# X\n## Y\n", "t:3: error: junk after '##' at the end of documentation"}));

}  // namespace
}  // namespace guestd::schema
