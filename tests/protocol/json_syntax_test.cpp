// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_syntax.hpp"

#include <gtest/gtest.h>

#include <string>

namespace guestd::protocol {
namespace {

std::string strict(std::string_view text) {
  const auto result = to_strict_json(text);
  return result ? std::string(result->view()) : result.error().text;
}

TEST(JsonSyntax, TurnsTheDialectIntoStrictJson) {
  EXPECT_EQ(strict(R"( {'a' : [ 'x"y' , "it's", '\'' ]} )"), R"({"a":["x\"y","it's","'"]})");
  EXPECT_EQ(strict("'\\u0001\\n'"), "\"\\u0001\\u000a\"");
}

TEST(JsonSyntax, ExplainsATextThatEndsTooEarly) {
  EXPECT_EQ(strict(R"({"a":)"), "JSON parse error, Missing value in dict");
  EXPECT_EQ(strict(R"({"a")"), "JSON parse error, premature EOI");
  EXPECT_EQ(strict(R"([1,)"), "JSON parse error, premature EOI");
  EXPECT_EQ(strict(R"({"abc)"), "JSON parse error, stray '\"abc'");
}

TEST(JsonSyntax, PutsLexicalErrorsBeforeTheOthers) { EXPECT_EQ(strict("[1 2 @]"), "JSON parse error, stray '@'"); }

TEST(JsonSyntax, RepeatsOnlyTheBeginningOfALongToken) {
  const std::string text = strict("\"" + std::string(100000, 'x') + "\x01");
  EXPECT_LT(text.size(), 300U);
  EXPECT_NE(text.find("...'"), std::string::npos);
}

TEST(JsonSyntax, KnowsNumbers) {
  for (const char* good : {"0", "-0", "10", "1.5", "1e5", "1E+5", "-1.25e-3"})
    EXPECT_TRUE(is_json_number(good)) << good;
  for (const char* bad : {"", "-", "01", "1.", ".5", "+1", "1e", "1e+", "0x1", "1_0", "1 "}) {
    EXPECT_FALSE(is_json_number(bad)) << bad;
  }
}

}  // namespace
}  // namespace guestd::protocol
