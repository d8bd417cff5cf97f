// SPDX-License-Identifier: Apache-2.0
#include "platform/cpu_times.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

TEST(CpuTimes, AreInMilliseconds) {
  const auto all = parse_cpu_times("cpu  9 9 9 9 9 9 9 9 9 9\ncpu3 1 2 3 4 5 6 7 8 9 10\nintr 5\ncpu4 1 1 1 1\n", 100);
  ASSERT_EQ(all.size(), 1U) << "the lines of CPUs end where another begins";
  const CpuTimes& times = all.front();
  EXPECT_EQ(times.number, 3);
  EXPECT_EQ(times.user_ms, 10U);
  EXPECT_EQ(times.nice_ms, 20U);
  EXPECT_EQ(times.system_ms, 30U);
  EXPECT_EQ(times.idle_ms, 40U);
  EXPECT_EQ(times.iowait_ms, 50U);
  EXPECT_EQ(times.irq_ms, 60U);
  EXPECT_EQ(times.softirq_ms, 70U);
  EXPECT_EQ(times.steal_ms, 80U);
  EXPECT_EQ(times.guest_ms, 90U);
  EXPECT_EQ(times.guest_nice_ms, 100U);
}

TEST(CpuTimes, LeaveOutWhatAnOldKernelDoesNotCount) {
  const auto all = parse_cpu_times("cpu0 1 2 3 4\ncpu1 1 2 3 4 5 6 7\n", 100);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].iowait_ms, std::nullopt);
  EXPECT_EQ(all[1].softirq_ms, 70U);
  EXPECT_EQ(all[1].steal_ms, std::nullopt);
}

TEST(CpuTimes, LeaveOutLinesThatAreBroken) {
  const auto all = parse_cpu_times(
      "cpu0 1 2 3\ncpux 1 2 3 4\ncpu99999999999999999999 1 2 3 4\ncpu-1 1 2 3 4\ncpu\n"
      "cpu1 1 2 3 4\n",
      100);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all.front().number, 1);
}

TEST(CpuTimes, DoNotOverflowBeforeTheyHaveTo) {
  const auto all = parse_cpu_times("cpu0 1000000000000000000 1 2 3\n", 250);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all.front().user_ms, 4'000'000'000'000'000'000U);
  EXPECT_EQ(all.front().nice_ms, 4U);
}

TEST(CpuTimes, CanBeThoseOfThousandsOfCpusWithTheirInterrupts) {
  std::string text = "cpu  1 1 1 1 1 1 1 1 1 1\n";
  for (int i = 0; i < 8192; ++i) {
    text += "cpu" + std::to_string(i) + " 4294967296 4294967296 4294967296 4294967296 4294967296 1 1 1 1 1\n";
  }
  text += "intr";
  while (text.size() < 3U << 20U) text += " 4294967296";
  const support::FixtureRoot machine;
  machine.dir().write("proc/stat", text + "\nctxt 1\n");
  const auto all = cpu_times(machine.root());
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 8192U);
  EXPECT_EQ(all->back().number, 8191);
}

TEST(CpuTimes, OfTheMachineCanBeRead) {
  const auto all = cpu_times(Root::system());
  ASSERT_TRUE(all);
  EXPECT_FALSE(all->empty());
}

TEST(CpuTimes, SayWhyTheyCannotBeRead) {
  EXPECT_EQ(cpu_times(support::FixtureRoot().root()).error().text, "open(\"/proc/stat\"): No such file or directory");
}

}  // namespace
}  // namespace guestd::platform
