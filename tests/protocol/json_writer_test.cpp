// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_writer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <string_view>

#include "base/limits.hpp"

namespace guestd::protocol {
namespace {

using std::string_view_literals::operator""sv;

std::string written_string(std::string_view utf8) {
  JsonWriter writer;
  writer.string(utf8);
  return writer.take_text();
}

std::string written_number(double value) {
  JsonWriter writer;
  writer.number(value);
  return writer.take_text();
}

/// The text of a value that was read and written anew.
std::string echoed(std::string_view json) {
  const auto document = JsonDocument::parse(Buffer(json));
  if (!document) return document.error().text;
  JsonWriter writer;
  writer.value(document->root());
  return writer.take_text();
}

TEST(JsonWriter, SeparatesMembersAndElementsAsQemuDoes) {
  JsonWriter writer;
  writer.begin_object();
  writer.key("return");
  writer.begin_array();
  writer.integer(1);
  writer.begin_object();
  writer.end_object();
  writer.begin_array();
  writer.end_array();
  writer.string("x");
  writer.base64({});
  writer.end_array();
  writer.key("flags");
  writer.begin_object();
  writer.key("a");
  writer.boolean(true);
  writer.key("b");
  writer.boolean(false);
  writer.end_object();
  writer.key("id");
  writer.null();
  writer.end_object();
  EXPECT_EQ(writer.text(), R"({"return": [1, {}, [], "x", ""], "flags": {"a": true, "b": false}, "id": null})");
}

TEST(JsonWriter, WritesTheEmptyReplyByteForByte) {
  JsonWriter writer;
  writer.begin_object();
  writer.key("return");
  writer.begin_object();
  writer.end_object();
  writer.end_object();
  EXPECT_EQ(writer.take_text(), "{\"return\": {}}");
}

TEST(JsonWriter, WritesIntegersExactly) {
  JsonWriter writer;
  writer.begin_array();
  writer.integer(0);
  writer.integer(-1);
  writer.integer(std::numeric_limits<std::int64_t>::min());
  writer.integer(std::numeric_limits<std::int64_t>::max());
  writer.uint(std::numeric_limits<std::uint64_t>::max());
  writer.end_array();
  EXPECT_EQ(writer.text(), "[0, -1, -9223372036854775808, 9223372036854775807, 18446744073709551615]");
}

TEST(JsonWriter, WritesDoublesWithSeventeenDigits) {
  EXPECT_EQ(written_number(0.1), "0.10000000000000001");
  EXPECT_EQ(written_number(1E5), "100000");
  EXPECT_EQ(written_number(-0.0), "-0");
  EXPECT_EQ(written_number(1.5), "1.5");
  EXPECT_EQ(written_number(1e17), "1e+17");
  EXPECT_EQ(written_number(-1.7976931348623157e308), "-1.7976931348623157e+308");
  EXPECT_EQ(written_number(5e-324), "4.9406564584124654e-324");
}

TEST(JsonWriter, WritesEveryDoubleAsPrintfDoes) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20000; ++round) {
    const double value = std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 1200) - 700);
    std::array<char, 64> expected{};
    std::snprintf(expected.data(), expected.size(), "%.17g", value);
    ASSERT_EQ(written_number(value), expected.data());
  }
}

TEST(JsonWriter, WritesNullForWhatIsNotFinite) {
  EXPECT_EQ(written_number(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(written_number(-std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(written_number(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(JsonWriter, LeavesPrintableAsciiAsItIs) {
  std::string printable;
  for (char c = 0x20; c < 0x7F; ++c) {
    if (c != '"' && c != '\\') printable += c;
  }
  EXPECT_EQ(written_string(printable), '"' + printable + '"');
}

TEST(JsonWriter, EscapesAsciiThatIsNotPlain) {
  EXPECT_EQ(written_string("\"\\/\b\f\n\r\t"), R"("\"\\/\b\f\n\r\t")");
  EXPECT_EQ(written_string("\0\x01\x1F\x7F"sv), R"("\u0000\u0001\u001F\u007F")");
}

TEST(JsonWriter, EscapesWhateverStandsWhereverInALongString) {
  for (std::size_t at = 0; at < 70; ++at) {
    std::string text(70, 'x');
    text[at] = '\n';
    EXPECT_EQ(written_string(text), '"' + std::string(at, 'x') + "\\n" + std::string(69 - at, 'x') + '"');
    text.replace(at, 1, "\xC3\xA9");
    EXPECT_EQ(written_string(text), '"' + std::string(at, 'x') + "\\u00E9" + std::string(69 - at, 'x') + '"');
  }
}

TEST(JsonWriter, TreatsAByteInALongStringAsItDoesAlone) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string alone = written_string(std::string(1, static_cast<char>(byte)));
    const std::string escaped = alone.substr(1, alone.size() - 2);
    for (std::size_t at = 0; at < 17; ++at) {
      for (const char neighbour : {' ', '~', '!', '#', '[', ']'}) {
        std::string text(17, neighbour);
        text[at] = static_cast<char>(byte);
        ASSERT_EQ(written_string(text),
                  '"' + std::string(at, neighbour) + escaped + std::string(16 - at, neighbour) + '"');
      }
    }
  }
}

TEST(JsonWriter, WritesCharactersBeyondAsciiAsUpperCaseUnits) {
  EXPECT_EQ(written_string("\xC2\x80"), R"("\u0080")");
  EXPECT_EQ(written_string("\xDF\xBF"), R"("\u07FF")");
  EXPECT_EQ(written_string("\xE0\xA0\x80"), R"("\u0800")");
  EXPECT_EQ(written_string("\xED\x9F\xBF"), R"("\uD7FF")");
  EXPECT_EQ(written_string("\xEE\x80\x80"), R"("\uE000")");
  EXPECT_EQ(written_string("\xEF\xBF\xBF"), R"("\uFFFF")");
  EXPECT_EQ(written_string("\xF0\x90\x80\x80"), R"("\uD800\uDC00")");
  EXPECT_EQ(written_string("\xF0\x9F\x98\x80"), R"("\uD83D\uDE00")");
  EXPECT_EQ(written_string("\xF4\x8F\xBF\xBF"), R"("\uDBFF\uDFFF")");
}

TEST(JsonWriter, ReplacesEveryByteOfWhatIsNotUtf8) {
  const std::string one = "\\uFFFD";
  EXPECT_EQ(written_string("a\x80"
                           "b"),
            "\"a" + one + "b\"");
  EXPECT_EQ(written_string("\xFF\xFE"), '"' + one + one + '"');
  EXPECT_EQ(written_string("\xC0\x80"), '"' + one + one + '"') << "NUL as modified UTF-8 is the reader's business";
  EXPECT_EQ(written_string("\xC1\xBF"), '"' + one + one + '"');
  EXPECT_EQ(written_string("\xE0\x9F\xBF"), '"' + one + one + one + '"') << "overlong";
  EXPECT_EQ(written_string("\xED\xA0\x80"), '"' + one + one + one + '"') << "surrogate";
  EXPECT_EQ(written_string("\xF4\x90\x80\x80"), '"' + one + one + one + one + '"') << "beyond U+10FFFF";
  EXPECT_EQ(written_string("\xE2\x82"), '"' + one + one + '"') << "cut short";
  EXPECT_EQ(written_string("\xE2\x82x"), '"' + one + one + "x\"");
  EXPECT_EQ(written_string("\xC3\""), '"' + one + "\\\"\"");
}

TEST(JsonWriter, NeverWritesAnythingButPrintableAscii) {
  std::mt19937 random(2);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() & 0xFFU);
    for (const char c : written_string(bytes)) ASSERT_TRUE(c >= 0x20 && c < 0x7F);
  }
}

TEST(JsonWriter, EscapesKeysLikeStrings) {
  JsonWriter writer;
  writer.begin_object();
  writer.key("a\"\xC3\xA9");
  writer.integer(1);
  writer.end_object();
  EXPECT_EQ(writer.text(), R"({"a\"\u00E9": 1})");
}

TEST(JsonWriter, WritesBytesAsBase64) {
  JsonWriter writer;
  writer.begin_object();
  writer.key("buf-b64");
  writer.base64(std::as_bytes(std::span("foob"sv)));
  writer.key("count");
  writer.integer(4);
  writer.end_object();
  EXPECT_EQ(writer.text(), R"({"buf-b64": "Zm9vYg==", "count": 4})");
}

TEST(JsonWriter, JoinsPiecesOfBase64) {
  JsonWriter writer;
  writer.begin_array();
  writer.begin_string();
  writer.base64_piece(std::as_bytes(std::span("foo"sv)));
  writer.base64_piece({});
  writer.base64_piece(std::as_bytes(std::span("ba"sv)));
  writer.end_string();
  writer.begin_string();
  writer.end_string();
  writer.end_array();
  EXPECT_EQ(writer.text(), R"(["Zm9vYmE=", ""])");
}

TEST(JsonWriter, PutsRawTextInAsItIs) {
  JsonWriter writer;
  writer.raw("\xFF");
  writer.begin_object();
  writer.end_object();
  writer.raw("\n");
  EXPECT_EQ(writer.text(), "\xFF{}\n");
}

/// Collects pieces, and has enough after `wanted` of them.
class Pieces : public ReplySink {
 public:
  explicit Pieces(std::size_t wanted) : wanted_(wanted) {}
  bool take(std::string& piece) override {
    text += piece;
    piece.clear();
    return ++count < wanted_;
  }

  std::string text;
  std::size_t count = 0;

 private:
  std::size_t wanted_;
};

TEST(JsonWriter, CollectsEverythingWithoutASink) {
  JsonWriter writer;
  EXPECT_FALSE(writer.streams());
  writer.string(std::string(2 * limits::kReplyChunkBytes, 'x'));
  EXPECT_TRUE(writer.flush_chunk());
  EXPECT_EQ(writer.text().size(), 2 * limits::kReplyChunkBytes + 2);
}

TEST(JsonWriter, HandsOverChunksButNothingSmaller) {
  Pieces pieces(100);
  JsonWriter writer(&pieces);
  EXPECT_TRUE(writer.streams());
  writer.raw(std::string(limits::kReplyChunkBytes - 1, 'x'));
  EXPECT_TRUE(writer.flush_chunk());
  EXPECT_EQ(pieces.count, 0U);
  writer.raw("y");
  EXPECT_TRUE(writer.flush_chunk());
  EXPECT_EQ(pieces.count, 1U);
  EXPECT_EQ(pieces.text.size(), limits::kReplyChunkBytes);
  EXPECT_EQ(writer.text(), "");
}

TEST(JsonWriter, TellsThatTheReplyIsNotWantedAnyMore) {
  Pieces pieces(1);
  JsonWriter writer(&pieces);
  writer.raw(std::string(limits::kReplyChunkBytes, 'x'));
  EXPECT_FALSE(writer.flush_chunk());
}

TEST(JsonWriterValue, WritesEveryTypeAnew) {
  EXPECT_EQ(echoed("null"), "null");
  EXPECT_EQ(echoed("[true,false,null]"), "[true, false, null]");
  EXPECT_EQ(echoed(R"({"a":1,"b":{"c":[]},"d":{}})"), R"({"a": 1, "b": {"c": []}, "d": {}})");
  EXPECT_EQ(echoed(R"(["A\u00e9\/\u0001","plain"])"), R"(["A\u00E9/\u0001", "plain"])");
  EXPECT_EQ(echoed(R"({"k\u00e9\"":0})"), R"({"k\u00E9\"": 0})");
}

TEST(JsonWriterValue, KeepsNumbersExact) {
  EXPECT_EQ(echoed("[-9223372036854775808,9223372036854775807,18446744073709551615]"),
            "[-9223372036854775808, 9223372036854775807, 18446744073709551615]");
  EXPECT_EQ(echoed("[0.1,1E5,-0.0]"), "[0.10000000000000001, 100000, -0]");
  EXPECT_EQ(echoed("[18446744073709551616]"), "[1.8446744073709552e+19]") << "beyond 64 bits it is a double";
  EXPECT_EQ(echoed("[1e400]"), "[null]");
}

TEST(JsonWriterValue, WritesAValueOfTheGreatestDepth) {
  const std::string deep = std::string(limits::kMessageDepth, '[') + std::string(limits::kMessageDepth, ']');
  EXPECT_EQ(echoed(deep), deep);
}

}  // namespace
}  // namespace guestd::protocol
