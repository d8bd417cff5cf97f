// SPDX-License-Identifier: Apache-2.0
#include "client/terminal/units.hpp"

#include <gtest/gtest.h>

#include <string>

#include "client/terminal/table.hpp"

namespace guestd::terminal {
namespace {

TEST(SizeText, HasThreeDigitsAtMost) {
  EXPECT_EQ(size_text(0), "0");
  EXPECT_EQ(size_text(1023), "1023");
  EXPECT_EQ(size_text(1024), "1.0K");
  EXPECT_EQ(size_text(1536), "1.5K");
  EXPECT_EQ(size_text(10 * 1024), "10K");
  EXPECT_EQ(size_text(1024 * 1024 - 1), "1.0M");
  EXPECT_EQ(size_text(UINT64_MAX), "16E");
}

TEST(DurationText, HasTwoUnitsAtMost) {
  EXPECT_EQ(duration_text(std::chrono::seconds(59)), "59s");
  EXPECT_EQ(duration_text(std::chrono::seconds(200)), "3m20s");
  EXPECT_EQ(duration_text(std::chrono::hours(2)), "2h00m");
  EXPECT_EQ(duration_text(std::chrono::hours(76)), "3d04h");
}

TEST(PercentText, OfNothingIsADash) {
  EXPECT_EQ(percent_text(1, 3), "33%");
  EXPECT_EQ(percent_text(1, 0), "-");
}

TEST(Table, IsAsWideAsItsCellsAndEscapesThem) {
  Table table({{"NAME"}, {"SIZE", Table::Align::kRight}});
  table.add({"a", "1"});
  table.add({"b\x1b", "1000"});
  EXPECT_EQ(table.text(Style(false)), "NAME   SIZE\na         1\nb\\x1b  1000\n");
}

TEST(Table, CutsCellsThatAreWiderThanAnyScreen) {
  Table table({{"NAME"}, {"SIZE"}});
  table.add({std::string(1U << 20U, 'x'), "1"});
  table.add({"a", "2"});
  EXPECT_LT(table.text(Style(false)).size(), 1000U);
}

}  // namespace
}  // namespace guestd::terminal
