// SPDX-License-Identifier: Apache-2.0
#include "platform/load.hpp"

#include <gtest/gtest.h>

#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

TEST(LoadAverage, IsTheFirstThreeNumbers) {
  const auto load = parse_load_average("0.12 13.31 1024.25 1/131 4242\n");
  ASSERT_TRUE(load);
  EXPECT_DOUBLE_EQ(load->one_minute, 0.12);
  EXPECT_DOUBLE_EQ(load->five_minutes, 13.31);
  EXPECT_DOUBLE_EQ(load->fifteen_minutes, 1024.25);
}

TEST(LoadAverage, IsNothingFromTextThatHasNoThreeNumbers) {
  for (const char* text : {"", "\n", "0.12 0.31", "0.12 0.31\n0.25", "0.12 nan 0.25", "inf 1 1", "-1 0 0", "1e3 0 0",
                           "0.1x 0 0", ". 0 0", "1.2.3 0 0"}) {
    EXPECT_FALSE(parse_load_average(text)) << text;
  }
}

TEST(LoadAverage, OfTheMachineCanBeRead) { EXPECT_TRUE(load_average(Root::system())); }

TEST(LoadAverage, SaysWhyItCannotBeRead) {
  const support::FixtureRoot machine;
  EXPECT_EQ(load_average(machine.root()).error().text, "cannot query load average: No such file or directory");
  machine.dir().write("proc/loadavg", "garbage\n");
  EXPECT_EQ(load_average(machine.root()).error().text, "cannot query load average: Invalid argument");
}

}  // namespace
}  // namespace guestd::platform
