// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(GuestdGetPressure, TellsWhatTasksWaitedFor) {
  CommandBench bench("debian12");
  const auto pressure = guestd_get_pressure(bench.context());
  ASSERT_TRUE(pressure);
  ASSERT_TRUE(pressure->cpu && pressure->io && pressure->memory);
  EXPECT_DOUBLE_EQ(pressure->cpu->some.avg10, 1.25);
  EXPECT_DOUBLE_EQ(pressure->cpu->some.avg60, 0.75);
  EXPECT_DOUBLE_EQ(pressure->cpu->some.avg300, 0.5);
  EXPECT_EQ(pressure->cpu->some.total, 81230412U);
  ASSERT_TRUE(pressure->io->full);
  EXPECT_EQ(pressure->io->full->total, 10444051U);
}

TEST(GuestdGetPressure, LeavesOutWhatTheKernelDoesNotTell) {
  const support::FixtureRoot machine;
  machine.dir().write("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
  CommandBench bench(machine.root());
  const auto pressure = guestd_get_pressure(bench.context());
  ASSERT_TRUE(pressure);
  ASSERT_TRUE(pressure->cpu);
  EXPECT_FALSE(pressure->cpu->full.has_value());
  EXPECT_FALSE(pressure->io.has_value());
  EXPECT_FALSE(pressure->memory.has_value());
}

TEST(GuestdGetPressure, IsUnsupportedWhereTheKernelTellsNothing) {
  CommandBench bench("alpine");
  const auto pressure = guestd_get_pressure(bench.context());
  ASSERT_FALSE(pressure);
  EXPECT_EQ(pressure.error().kind, Error::Kind::kUnsupported);
  EXPECT_EQ(pressure.error().text, "the guest's kernel does not tell pressure (it may need psi=1 on its command line)");
}

TEST(GuestdGetPressure, SaysWhatItCannotRead) {
  const support::FixtureRoot machine("debian12");
  machine.dir().write("proc/pressure/memory", "lots\n");
  CommandBench bench(machine.root());
  const auto pressure = guestd_get_pressure(bench.context());
  ASSERT_FALSE(pressure);
  EXPECT_EQ(pressure.error().text, "cannot read the pressure on memory: the kernel tells it in an unknown form");
}

}  // namespace
}  // namespace guestd::commands
