// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/commands/command_bench.hpp"
#include "tests/support/machine_tree.hpp"

namespace guestd::commands {
namespace {

TEST(GetVcpus, ListsCpusInOrder) {
  const support::MachineTree machine;
  machine.add_cpu(0, {});
  machine.add_cpu(10, false);
  machine.add_cpu(2, true);
  CommandBench bench(machine.root());
  const auto cpus = get_vcpus(bench.context());
  ASSERT_TRUE(cpus);
  ASSERT_EQ(cpus->size(), 3U);
  EXPECT_EQ((*cpus)[0].logical_id, 0);
  EXPECT_TRUE((*cpus)[0].online);
  EXPECT_EQ((*cpus)[0].can_offline, false);
  EXPECT_EQ((*cpus)[1].logical_id, 2);
  EXPECT_TRUE((*cpus)[1].online);
  EXPECT_EQ((*cpus)[1].can_offline, true);
  EXPECT_EQ((*cpus)[2].logical_id, 10);
  EXPECT_FALSE((*cpus)[2].online);
  EXPECT_EQ((*cpus)[2].can_offline, true);
}

TEST(GetVcpus, SaysWhyTheyCannotBeListed) {
  const support::MachineTree machine;
  CommandBench bench(machine.root());
  const auto cpus = get_vcpus(bench.context());
  ASSERT_FALSE(cpus);
  EXPECT_EQ(cpus.error().text, "failed to list entries: /sys/devices/system/cpu: No such file or directory");
}

}  // namespace
}  // namespace guestd::commands
