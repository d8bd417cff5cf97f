// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <optional>
#include <variant>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(GetCpustats, TellsTheTimesOfEachCpu) {
  const support::FixtureRoot machine;
  machine.dir().write("proc/stat", "cpu  9 9 9 9\ncpu0 1 2 3 4 5 6 7 8 9 10\ncpu2 1 2 3 4\nintr 1\n");
  CommandBench bench(machine.root());
  const auto all = get_cpustats(bench.context());
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0].type, GuestCpuStatsType::kLinux);
  const auto& first = std::get<GuestLinuxCpuStats>((*all)[0].branch);
  EXPECT_EQ(first.cpu, 0);
  EXPECT_EQ(first.user, 10U);
  EXPECT_EQ(first.nice, 20U);
  EXPECT_EQ(first.system, 30U);
  EXPECT_EQ(first.idle, 40U);
  EXPECT_EQ(first.iowait, 50U);
  EXPECT_EQ(first.irq, 60U);
  EXPECT_EQ(first.softirq, 70U);
  EXPECT_EQ(first.steal, 80U);
  EXPECT_EQ(first.guest, 90U);
  EXPECT_EQ(first.guestnice, 100U);
  const auto& second = std::get<GuestLinuxCpuStats>((*all)[1].branch);
  EXPECT_EQ(second.cpu, 2);
  EXPECT_EQ(second.iowait, std::nullopt);
}

TEST(GetCpustats, SaysWhyItCannot) {
  CommandBench bench("alpine");
  const auto all = get_cpustats(bench.context());
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().text, "open(\"/proc/stat\"): No such file or directory");
}

}  // namespace
}  // namespace guestd::commands
