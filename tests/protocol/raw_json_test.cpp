// SPDX-License-Identifier: Apache-2.0
#include "protocol/raw_json.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace guestd::protocol {
namespace {

std::string text_of(std::string_view text) {
  const auto json = RawJson::parse(text);
  return json ? json->text() : "error: " + json.error().text;
}

TEST(RawJson, IsNullAtFirst) {
  EXPECT_EQ(RawJson().text(), "null");
  EXPECT_TRUE(RawJson().document().root().is(JsonType::kNull));
}

TEST(RawJson, KeepsValuesOfEveryShapeOnOneLine) {
  for (const std::string_view text : {"null", "true", "-1", "18446744073709551615", "0.5", R"("a\nb")", "[]", "{}"}) {
    EXPECT_EQ(text_of(text), text);
  }
  EXPECT_EQ(text_of("{\n \"a\" : [ 1,2 ],\n \"b\":{}}\n"), R"({"a": [1, 2], "b": {}})");
}

TEST(RawJson, OutlivesTheMessageThatItCameFrom) {
  RawJson kept;
  {
    const auto message = JsonDocument::parse(Buffer(std::string_view(R"({"data": {"a": "b"}})")));
    ASSERT_TRUE(message);
    kept = RawJson(*message->root().find("data"));
  }
  EXPECT_EQ(kept.text(), R"({"a": "b"})");
  EXPECT_EQ(kept.document().root().find("a")->as_string(), "b");
}

TEST(RawJson, RefusesWhatIsNotOneValue) {
  for (const std::string_view text : {"", "{", "[1,]", "1 2", "nul", "{}}", R"({"a": 1, "a": 2})"}) {
    EXPECT_TRUE(text_of(text).starts_with("error: JSON parse error")) << text << " became " << text_of(text);
  }
}

TEST(RawJson, RefusesWhatIsNestedTooDeeply) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(text_of(nested(limits::kMessageDepth)), nested(limits::kMessageDepth));
  EXPECT_EQ(text_of(nested(limits::kMessageDepth + 1)), "error: JSON parse error, the value is nested too deeply");
  EXPECT_EQ(text_of(std::string(1'000'000, '{')), "error: JSON parse error, the value is nested too deeply");
  const std::string quoted = '"' + std::string(2000, '[') + "\\\"" + '"';
  EXPECT_EQ(text_of(quoted), quoted);
}

}  // namespace
}  // namespace guestd::protocol
