// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/commands/command_bench.hpp"
#include "tests/support/machine_tree.hpp"

namespace guestd::commands {
namespace {

TEST(GetMemoryBlocks, ListsBlocksInOrder) {
  const support::MachineTree machine;
  machine.add_block(32, "offline", true);
  machine.add_block(4, "online", false);
  CommandBench bench(machine.root());
  const auto blocks = get_memory_blocks(bench.context());
  ASSERT_TRUE(blocks);
  ASSERT_EQ(blocks->size(), 2U);
  EXPECT_EQ((*blocks)[0].phys_index, 4U);
  EXPECT_TRUE((*blocks)[0].online);
  EXPECT_EQ((*blocks)[0].can_offline, false);
  EXPECT_EQ((*blocks)[1].phys_index, 32U);
  EXPECT_FALSE((*blocks)[1].online);
  EXPECT_EQ((*blocks)[1].can_offline, true);
}

TEST(GetMemoryBlocks, ListsNothingWhereMemoryIsNotDivided) {
  const support::MachineTree machine;
  CommandBench bench(machine.root());
  const auto blocks = get_memory_blocks(bench.context());
  ASSERT_TRUE(blocks);
  EXPECT_TRUE(blocks->empty());
}

TEST(GetMemoryBlocks, FailsIfThereShouldBeBlocksAndAreNone) {
  const support::MachineTree machine;
  machine.dir().write("sys/devices/system/memory/block_size_bytes", "8000000\n");
  CommandBench bench(machine.root());
  const auto blocks = get_memory_blocks(bench.context());
  ASSERT_FALSE(blocks);
  EXPECT_EQ(blocks.error().text, "guest reported zero memory blocks!");
}

}  // namespace
}  // namespace guestd::commands
