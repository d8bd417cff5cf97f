// SPDX-License-Identifier: Apache-2.0
#include "platform/cpus.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "tests/support/fixture_root.hpp"
#include "tests/support/machine_tree.hpp"

namespace guestd::platform {
namespace {

std::string text_of(const std::vector<CpuRange>& ranges) {
  std::string text;
  for (const auto& range : ranges) text += std::to_string(range.first) + "-" + std::to_string(range.last) + " ";
  return text;
}

TEST(CpuList, HoldsRangesAndSingleNumbers) {
  EXPECT_EQ(text_of(*parse_cpu_list("0-3,8,10-11\n")), "0-3 8-8 10-11 ");
  EXPECT_EQ(text_of(*parse_cpu_list("0")), "0-0 ");
}

TEST(CpuList, CanBeEmpty) {
  EXPECT_EQ(text_of(*parse_cpu_list("\n")), "");
  EXPECT_EQ(text_of(*parse_cpu_list("")), "");
}

TEST(CpuList, IsRefusedIfItIsAnythingElse) {
  for (const char* text :
       {"0-", "-3", "3-0", "0,,1", "0,", ",0", "a", "0 1", "1,0", "0-2,2", "0-99999999999999999999"}) {
    EXPECT_FALSE(parse_cpu_list(text)) << text;
  }
}

TEST(Cpus, OfTheMachineAreThoseThatAreConfigured) {
  const auto all = cpus(Root::system());
  ASSERT_TRUE(all);
  std::size_t folders = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/devices/system/cpu")) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("cpu") && name.find_first_not_of("0123456789", 3) == std::string::npos) ++folders;
  }
  EXPECT_EQ(all->size(), folders);
}

TEST(Cpus, AreSortedAndOnlineAsTheKernelsListSays) {
  const support::MachineTree machine;
  machine.add_cpu(0, {});
  machine.add_cpu(10, true);
  machine.add_cpu(2, false);
  machine.set_online_list("0,10");
  machine.dir().write("sys/devices/system/cpu/cpufreq/boost", "1\n");
  machine.dir().write("sys/devices/system/cpu/cpuidle/current_driver", "none\n");
  const auto all = cpus(machine.root());
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ((*all)[0].number, 0);
  EXPECT_TRUE((*all)[0].online);
  EXPECT_FALSE((*all)[0].can_offline);
  EXPECT_EQ((*all)[1].number, 2);
  EXPECT_FALSE((*all)[1].online);
  EXPECT_TRUE((*all)[1].can_offline);
  EXPECT_EQ((*all)[2].number, 10);
  EXPECT_TRUE((*all)[2].online);
}

TEST(Cpus, AreNeverOfflineAndImpossibleToSwitch) {
  const support::MachineTree machine;
  machine.add_cpu(0, {});
  machine.set_online_list("1");
  const auto all = cpus(machine.root());
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 1U);
  EXPECT_TRUE(all->front().online);
}

TEST(Cpus, AreAskedOneByOneWithoutAListOrWithABadOne) {
  const support::MachineTree machine;
  machine.add_cpu(0, true);
  machine.add_cpu(1, false);
  for (const char* list : {"", "nonsense"}) {
    if (*list != '\0') machine.set_online_list(list);
    const auto all = cpus(machine.root());
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 2U);
    EXPECT_TRUE((*all)[0].online);
    EXPECT_FALSE((*all)[1].online);
  }
}

TEST(Cpus, CanBeAThousand) {
  const support::MachineTree machine;
  for (std::uint64_t number = 0; number < 1024; ++number) machine.add_cpu(number, number % 2 == 0 || number > 511);
  std::string list = "0";
  for (int number = 2; number < 512; number += 2) list += "," + std::to_string(number);
  machine.set_online_list(list + ",512-1023");
  const auto all = cpus(machine.root());
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 1024U);
  for (const Cpu& cpu : *all) EXPECT_EQ(cpu.online, cpu.number % 2 == 0 || cpu.number > 511) << cpu.number;
}

TEST(Cpus, AreNamedInTheErrorWhenTheyCannotBeListed) {
  const auto all = cpus(support::FixtureRoot().root());
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().text, "failed to list entries: /sys/devices/system/cpu: No such file or directory");
}

TEST(Cpu, TellsWhetherItCanBeSwitched) {
  const support::MachineTree machine;
  machine.add_cpu(0, {});
  machine.add_cpu(1, false);
  const auto fixed = cpu(machine.root(), 0);
  ASSERT_TRUE(fixed);
  EXPECT_TRUE(fixed->online);
  EXPECT_FALSE(fixed->can_offline);
  const auto off = cpu(machine.root(), 1);
  ASSERT_TRUE(off);
  EXPECT_FALSE(off->online);
  EXPECT_TRUE(off->can_offline);
}

TEST(Cpu, IsNamedInTheErrorWhenItIsNotThere) {
  const support::MachineTree machine;
  const auto missing = cpu(machine.root(), -1);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().text, "open(\"/sys/devices/system/cpu/cpu-1/\"): No such file or directory");
  EXPECT_EQ(missing.error().errno_value, ENOENT);
}

}  // namespace
}  // namespace guestd::platform
