// SPDX-License-Identifier: Apache-2.0
#include "platform/pressure.hpp"

#include <gtest/gtest.h>

#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

TEST(Pressure, HasSomeAndFull) {
  const auto pressure = parse_pressure(
      "some avg10=1.25 avg60=0.81 avg300=100.00 total=18446744073709551615\n"
      "full avg10=0.50 avg60=0.25 avg300=0.00 total=7\n");
  ASSERT_TRUE(pressure);
  EXPECT_DOUBLE_EQ(pressure->some.avg10_percent, 1.25);
  EXPECT_DOUBLE_EQ(pressure->some.avg60_percent, 0.81);
  EXPECT_DOUBLE_EQ(pressure->some.avg300_percent, 100);
  EXPECT_EQ(pressure->some.total_us, 18446744073709551615U);
  ASSERT_TRUE(pressure->full);
  EXPECT_EQ(pressure->full->total_us, 7U);
}

TEST(Pressure, CanLackFull) {
  const auto pressure = parse_pressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
  ASSERT_TRUE(pressure);
  EXPECT_FALSE(pressure->full);
}

TEST(Pressure, IsNothingWithoutAWholeLineSome) {
  for (const char* text :
       {"", "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", "some avg10=0.00 avg60=0.00 avg300=0.00\n",
        "some avg10=nan avg60=0.00 avg300=0.00 total=0\n", "some avg10=0.00 avg60=0.00 avg300=0.00 total=-1\n",
        "some avg60=0.00 avg10=0.00 avg300=0.00 total=0\n"}) {
    EXPECT_FALSE(parse_pressure(text)) << text;
  }
}

TEST(Pressure, IsNothingWhereTheKernelDoesNotTellIt) {
  const auto missing = pressure(support::FixtureRoot().root(), PressureOn::kIo);
  ASSERT_TRUE(missing);
  EXPECT_FALSE(*missing);
}

TEST(Pressure, OfAllThreeIsReadFromItsOwnFile) {
  const support::FixtureRoot machine("debian12");
  EXPECT_EQ((**pressure(machine.root(), PressureOn::kCpu)).some.total_us, 81230412U);
  EXPECT_EQ((**pressure(machine.root(), PressureOn::kIo)).some.total_us, 12085770U);
  EXPECT_EQ((**pressure(machine.root(), PressureOn::kMemory)).some.total_us, 0U);
}

TEST(Pressure, InAnUnknownFormIsAnError) {
  const support::FixtureRoot machine;
  machine.dir().write("proc/pressure/io", "lots\n");
  const auto unknown = pressure(machine.root(), PressureOn::kIo);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().text, "cannot read the pressure on io: the kernel tells it in an unknown form");
}

}  // namespace
}  // namespace guestd::platform
