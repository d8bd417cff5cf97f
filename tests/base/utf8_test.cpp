// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace guestd {
namespace {

TEST(Utf8CodePoint, IsWhatAppendWrote) {
  for (const std::uint32_t code : {0x00U, 0x7FU, 0x80U, 0x7FFU, 0x800U, 0x202EU, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
    std::string sequence;
    utf8::append(code, sequence);
    EXPECT_EQ(utf8::code_point(sequence), code);
  }
}

TEST(Utf8, KnowsTheLengthOfWellFormedSequences) {
  EXPECT_EQ(utf8::sequence_length("a"), 1U);
  EXPECT_EQ(utf8::sequence_length("\xC3\xA9"), 2U);
  EXPECT_EQ(utf8::sequence_length("\xE2\x82\xAC"), 3U);
  EXPECT_EQ(utf8::sequence_length("\xF0\x9F\x98\x80"), 4U);
}

TEST(Utf8, RefusesWhatIsNotWellFormed) {
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xC3z", "\xE0\x80\x80", "\xED\xA0\x80", "\xE2\x82",
                          "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF", ""}) {
    EXPECT_EQ(utf8::sequence_length(bad), 0U) << testing::PrintToString(std::string(bad));
  }
}

TEST(Utf8, IsValidToItsEnd) {
  for (const char* const good : {"", "a", "\xC3\xA9z\xF0\x9F\x98\x80"}) EXPECT_TRUE(utf8::is_valid(good)) << good;
  EXPECT_TRUE(utf8::is_valid(std::string_view("a\0b", 3)));
  for (const char* const bad : {"\xFF", "a\xC3", "\xC3\xA9\x80", "\x80z"}) EXPECT_FALSE(utf8::is_valid(bad)) << bad;
}

TEST(Utf8, WritesEveryCodePointSoThatItReadsItBack) {
  for (std::uint32_t code = 0; code <= 0x10FFFF; code += code < 0x3000 ? 1 : 257) {
    if (utf8::is_surrogate(code)) continue;
    std::string text;
    utf8::append(code, text);
    ASSERT_EQ(utf8::sequence_length(text), text.size()) << code;
  }
}

TEST(Utf8, ReadsEscapesOfFourHexadecimalDigits) {
  EXPECT_EQ(utf8::parse_escape("\\u00e9x"), 0xE9U);
  EXPECT_EQ(utf8::parse_escape("\\uFFFD"), 0xFFFDU);
  for (const char* bad : {"\\u00g9", "\\u00", "u00e9", "\\x00e9", "\\u+0e9", "\\u 0e9", "\\u-0e9", ""}) {
    EXPECT_FALSE(utf8::parse_escape(bad)) << bad;
  }
}

TEST(Utf8, CombinesSurrogatesInTheRightOrderOnly) {
  EXPECT_EQ(utf8::combine(0xD83D, 0xDE00), 0x1F600U);
  EXPECT_FALSE(utf8::combine(0xDE00, 0xD83D));
  EXPECT_FALSE(utf8::combine(0xD83D, 0x0041));
}

}  // namespace
}  // namespace guestd
