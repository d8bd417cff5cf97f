// SPDX-License-Identifier: Apache-2.0
#include "client/terminal/escape.hpp"

#include <gtest/gtest.h>

#include <string>

namespace guestd::terminal {
namespace {

TEST(Printable, LeavesWordsOfAnyLanguageAlone) { EXPECT_EQ(printable("Grüße, 世界 \\ ok"), "Grüße, 世界 \\ ok"); }

TEST(Printable, NamesControlCharactersOfBothSets) {
  EXPECT_EQ(printable("a\x1b[31m\x07\x7f"), "a\\x1b[31m\\x07\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"), "\\x9b");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(printable("a\nb\tc\r"), "a\\nb\\tc\\r");
}

TEST(Printable, NamesBytesThatAreNoUtf8) {
  EXPECT_EQ(printable("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
}

TEST(Printable, NamesMarksThatTurnTextAround) {
  EXPECT_EQ(printable("a\u202Eb"), "a\\u{202e}b");
  EXPECT_EQ(printable("a\u2028b"), "a\\u{2028}b");
}

TEST(PrintableLines, KeepsNewlinesAndTabs) { EXPECT_EQ(printable_lines("a\n\tb\r\x1b"), "a\n\tb\\r\\x1b"); }

TEST(Width, CountsColumns) {
  EXPECT_EQ(width("abc"), 3U);
  EXPECT_EQ(width("世界"), 4U);
  EXPECT_EQ(width("e\u0301"), 1U);
}

}  // namespace
}  // namespace guestd::terminal
