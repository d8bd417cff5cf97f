// SPDX-License-Identifier: Apache-2.0
#include "platform/online_switch.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "tests/support/machine_tree.hpp"

namespace guestd::platform {
namespace {

TEST(SysfsOnlineSwitch, WritesWhatTheKernelUnderstands) {
  const support::MachineTree machine;
  machine.add_cpu(1, true);
  machine.add_block(32, "offline");
  const SysfsOnlineSwitch online_switch(machine.root());
  ASSERT_TRUE(online_switch.set_cpu(1, false));
  EXPECT_EQ(machine.dir().read(machine.cpu(1) + "/online"), "0");
  ASSERT_TRUE(online_switch.set_cpu(1, true));
  EXPECT_EQ(machine.dir().read(machine.cpu(1) + "/online"), "1");
  ASSERT_TRUE(online_switch.set_memory_block(32, true));
  EXPECT_EQ(machine.dir().read(machine.block(32) + "/state"), "online");
  ASSERT_TRUE(online_switch.set_memory_block(32, false));
  EXPECT_EQ(machine.dir().read(machine.block(32) + "/state"), "offline");
}

TEST(SysfsOnlineSwitch, NamesWhatItCouldNotSwitch) {
  const support::MachineTree machine;
  const SysfsOnlineSwitch online_switch(machine.root());
  const auto cpu = online_switch.set_cpu(7, false);
  ASSERT_FALSE(cpu);
  EXPECT_EQ(cpu.error().text, "pwrite(\"/sys/devices/system/cpu/cpu7//online\"): No such file or directory");
  const auto block = online_switch.set_memory_block(7, true);
  ASSERT_FALSE(block);
  EXPECT_EQ(block.error().text, "cannot bring memory7 online: No such file or directory");
  EXPECT_EQ(block.error().errno_value, ENOENT);
  EXPECT_EQ(online_switch.set_memory_block(7, false).error().text,
            "cannot take memory7 offline: No such file or directory");
}

TEST(SysfsOnlineSwitch, CreatesNothing) {
  const support::MachineTree machine;
  machine.add_cpu(0, {});
  const SysfsOnlineSwitch online_switch(machine.root());
  EXPECT_FALSE(online_switch.set_cpu(0, false));
  EXPECT_FALSE(std::filesystem::exists(machine.dir() / (machine.cpu(0) + "/online")));
}

}  // namespace
}  // namespace guestd::platform
