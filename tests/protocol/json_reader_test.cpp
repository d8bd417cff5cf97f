// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_reader.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "protocol/json_writer.hpp"

namespace guestd::protocol {
namespace {

Result<JsonDocument> parse(std::string_view text) { return JsonDocument::parse(Buffer(text)); }

std::string rewritten(std::string_view text) {
  const auto document = parse(text);
  if (!document) return document.error().text;
  JsonWriter out;
  out.value(document->root());
  return out.take_text();
}

TEST(JsonReader, TellsTheTypesOfNumbersAsQapiKnowsThem) {
  const auto document = parse(R"([0, -1, 9223372036854775807, -9223372036854775808, 9223372036854775808,
                                  18446744073709551615, 18446744073709551616, -9223372036854775809, 1.0, 1e3, -0])");
  ASSERT_TRUE(document) << document.error().text;
  std::vector<JsonType> types;
  for (const JsonView value : document->root()) types.push_back(value.type());
  const auto i = JsonType::kInt, u = JsonType::kUint, d = JsonType::kDouble;
  EXPECT_EQ(types, (std::vector{i, i, i, i, u, u, d, d, d, d, i}));
}

TEST(JsonReader, KeepsIntegersExact) {
  EXPECT_EQ(rewritten("[9223372036854775807, -9223372036854775808, 18446744073709551615]"),
            "[9223372036854775807, -9223372036854775808, 18446744073709551615]");
}

TEST(JsonReader, WritesDoublesAsQemuDoes) {
  EXPECT_EQ(rewritten("[0.1, 1E5, -0.0, 1e400]"), "[0.10000000000000001, 100000, -0, null]");
  EXPECT_TRUE(std::isinf(parse("1e400")->root().as_double()));
}

TEST(JsonReader, UnescapesStringsAndKeysInPlace) {
  const auto document = parse(R"({"k\u0065y": "a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000z"})");
  ASSERT_TRUE(document) << document.error().text;
  const auto value = document->root().find("key");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->as_string(), std::string("a\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80\0z", 17));
}

TEST(JsonReader, ReadsQemusDialect) {
  EXPECT_EQ(rewritten(R"({'a': 'it\'s "x"', "b": "it's"})"), R"({"a": "it's \"x\"", "b": "it's"})");
  EXPECT_EQ(rewritten("\"a\xC0\x80z\""), "\"a\\u0000z\"");
}

TEST(JsonReader, NamesWhatIsWrongInQemusWords) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"a":1,"a":2})", "duplicate key"},
      {R"({"a":1,"\u0061":2})", "duplicate key"},
      {R"({"x":{"b":1,'b':2}})", "duplicate key"},
      {R"({"a":tru})", "invalid keyword 'tru'"},
      {R"({"a" 1})", "missing : in object pair"},
      {R"({"a":1 "b":2})", "expected separator in dict"},
      {R"([1 2])", "expected separator in list"},
      {R"({1:2})", "key is not a string in object"},
      {R"({"a":1,})", "expecting value"},
      {R"({"a":})", "expecting value"},
      {R"([,])", "expecting value"},
      {R"("\x")", "invalid escape sequence in string"},
      {R"("\u12g4")", "invalid escape sequence in string"},
      {R"("\ud800")", R"(\ud800 is not a valid Unicode character)"},
      {R"("\ud800\u0041")", R"(\ud800\u0041 is not a valid Unicode character)"},
      {R"("\udc00")", R"(\udc00 is not a valid Unicode character)"},
      {"\"\x80\"", "invalid UTF-8 sequence in string"},
      {"\"\xED\xA0\x80\"", "invalid UTF-8 sequence in string"},
      {"01", "stray '01'"},
      {"[+1]", "stray '+'"},
      {"[.5]", "stray '.'"},
      {"[1.]", "stray '1.]'"},
      {"[X]", "stray 'X'"},
      {"\"a\x01\"", "stray '\"a\x01'"},
  };
  for (const auto& [text, complaint] : cases) {
    const auto document = parse(text);
    ASSERT_FALSE(document) << text;
    EXPECT_EQ(document.error().text, std::string("JSON parse error, ") + complaint) << text;
  }
}

TEST(JsonReader, FindsDuplicatesAmongManyKeys) {
  std::string text = "{";
  for (int i = 0; i < 1000; ++i) text += "\"k" + std::to_string(i) + "\": 1, ";
  EXPECT_TRUE(parse(text + "\"z\": 1}"));
  EXPECT_FALSE(parse(text + "\"k500\": 1}"));
}

TEST(JsonReader, TakesTheDeepestMessageThatFramingLetsThrough) {
  const std::string deep = std::string(1024, '[') + std::string(1024, ']');
  EXPECT_EQ(rewritten(deep), deep);
}

TEST(JsonReader, TakesLoneScalars) {
  EXPECT_EQ(rewritten("true"), "true");
  EXPECT_EQ(rewritten(" null "), "null");
  EXPECT_EQ(rewritten("\"a\\n\""), "\"a\\n\"");
}

TEST(JsonReader, RefusesWhatStandsBetweenAValueAndItsEnd) {
  EXPECT_FALSE(parse(R"({"a":"b":2})"));
  EXPECT_FALSE(parse(R"({"a":1:2})"));
  EXPECT_FALSE(parse(std::string_view("{\"a\":5\0}", 8)));
  EXPECT_FALSE(parse(std::string_view("5\0", 2)));
}

TEST(JsonReader, RefusesMoreThanOneValue) {
  EXPECT_FALSE(parse("{} {}"));
  EXPECT_FALSE(parse("1 2"));
  EXPECT_FALSE(parse(""));
}

TEST(JsonParser, ServesOneMessageAfterTheOtherWhateverTheirSizes) {
  JsonParser parser;
  for (const std::size_t size : {10U, 100000U, 3U, 5000000U, 20U}) {
    const auto document = parser.parse(Buffer("[\"" + std::string(size, 'x') + "\"]"));
    ASSERT_TRUE(document);
    EXPECT_EQ((*document->root().begin()).as_string().size(), size);
  }
}

}  // namespace
}  // namespace guestd::protocol
