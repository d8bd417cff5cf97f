// SPDX-License-Identifier: Apache-2.0
#include "platform/memory_blocks.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "tests/support/fixture_root.hpp"
#include "tests/support/machine_tree.hpp"

namespace guestd::platform {
namespace {

TEST(MemoryBlocks, AreSortedAndHaveTheirState) {
  const support::MachineTree machine;
  machine.set_kernel("6.1.0-31-amd64");
  machine.add_block(0, "online");
  machine.add_block(32, "offline");
  machine.add_block(4, "going-offline");
  machine.add_block(5, {});
  const auto blocks = memory_blocks(machine.root());
  ASSERT_TRUE(blocks);
  ASSERT_EQ(blocks->size(), 4U);
  EXPECT_EQ((*blocks)[0].number, 0U);
  EXPECT_TRUE((*blocks)[0].online);
  EXPECT_TRUE((*blocks)[0].can_offline);
  EXPECT_EQ((*blocks)[1].number, 4U);
  EXPECT_FALSE((*blocks)[1].online);
  EXPECT_TRUE((*blocks)[2].online) << "a block without a state is online";
  EXPECT_FALSE((*blocks)[2].can_offline);
  EXPECT_EQ((*blocks)[3].number, 32U);
  EXPECT_FALSE((*blocks)[3].online);
}

TEST(MemoryBlocks, OfOldKernelsEachTellWhetherTheyAreRemovable) {
  for (const char* release : {"5.6.19", "4.18.0-553.el8.x86_64", "nonsense", "5"}) {
    const support::MachineTree machine;
    machine.set_kernel(release);
    machine.add_block(0, "online", false);
    machine.add_block(1, "online", true);
    const auto blocks = memory_blocks(machine.root());
    ASSERT_TRUE(blocks);
    EXPECT_FALSE((*blocks)[0].can_offline) << release;
    EXPECT_TRUE((*blocks)[1].can_offline) << release;
  }
}

TEST(MemoryBlocks, OfNewKernelsAreAllRemovableOrNone) {
  for (const char* release : {"5.7.0", "5.10.0-28-arm64", "6.18.44"}) {
    for (const bool removable : {true, false}) {
      const support::MachineTree machine;
      machine.set_kernel(release);
      machine.add_block(0, {});
      machine.add_block(1, "online", removable);
      // What no such kernel says: it shows that the file of this block is not read.
      machine.add_block(2, "offline", !removable);
      const auto blocks = memory_blocks(machine.root());
      ASSERT_TRUE(blocks);
      EXPECT_FALSE((*blocks)[0].can_offline) << "without a state";
      EXPECT_EQ((*blocks)[1].can_offline, removable) << release;
      EXPECT_EQ((*blocks)[2].can_offline, removable) << release;
    }
  }
}

TEST(MemoryBlocks, CanBeThousands) {
  const support::MachineTree machine;
  machine.set_kernel("6.1.0");
  for (std::uint64_t number = 0; number < 4096; ++number)
    machine.add_block(number, number < 4000 ? "online" : "offline");
  const auto blocks = memory_blocks(machine.root());
  ASSERT_TRUE(blocks);
  ASSERT_EQ(blocks->size(), 4096U);
  for (const auto& block : *blocks) EXPECT_EQ(block.online, block.number < 4000) << block.number;
}

TEST(MemoryBlocks, AreNoneWhereTheKernelDoesNotDivideItsMemory) {
  const auto blocks = memory_blocks(support::FixtureRoot().root());
  ASSERT_TRUE(blocks);
  EXPECT_TRUE(blocks->empty());
}

TEST(MemoryBlocks, AreAnErrorIfThereShouldBeSome) {
  const support::MachineTree machine;
  machine.dir().write("sys/devices/system/memory/block_size_bytes", "8000000\n");
  const auto blocks = memory_blocks(machine.root());
  ASSERT_FALSE(blocks);
  EXPECT_EQ(blocks.error().text, "guest reported zero memory blocks!");
}

TEST(MemoryBlocks, AreAnErrorIfTheirFolderIsNone) {
  const support::MachineTree machine;
  machine.dir().write("sys/devices/system/memory", "a file\n");
  const auto blocks = memory_blocks(machine.root());
  ASSERT_FALSE(blocks);
  EXPECT_EQ(blocks.error().text, "Can't open directory\"/sys/devices/system/memory/\": Not a directory");
}

class KnownMemoryBlocksTest : public ::testing::Test {
 protected:
  KnownMemoryBlocksTest() {
    machine_.set_kernel("6.1.0");
    announce(7);
    machine_.add_block(0, "online");
    machine_.add_block(1, "online");
  }

  void announce(int uevent) { machine_.dir().write("sys/kernel/uevent_seqnum", std::to_string(uevent) + "\n"); }
  bool second_is_online() { return known_.of(machine_.root())->at(1).online; }

  support::MachineTree machine_;
  KnownMemoryBlocks known_;
};

TEST_F(KnownMemoryBlocksTest, AreReadAgainAfterAnEvent) {
  EXPECT_TRUE(second_is_online());
  machine_.add_block(1, "offline");
  EXPECT_TRUE(second_is_online()) << "no event told of it";
  announce(8);
  EXPECT_FALSE(second_is_online());
  machine_.add_block(1, "online");
  announce(9);
  EXPECT_TRUE(second_is_online());
}

TEST_F(KnownMemoryBlocksTest, AreNotKeptWhileOneIsSwitched) {
  machine_.add_block(1, "going-offline");
  EXPECT_FALSE(second_is_online());
  machine_.add_block(1, "online");  // it could not be taken off: no event tells
  EXPECT_TRUE(second_is_online());
}

TEST_F(KnownMemoryBlocksTest, AreNotKeptWhereNoEventTells) {
  std::filesystem::remove(machine_.dir().path() / "sys/kernel/uevent_seqnum");
  EXPECT_TRUE(second_is_online());
  machine_.add_block(1, "offline");
  EXPECT_FALSE(second_is_online());
}

TEST_F(KnownMemoryBlocksTest, OfOldKernelsAreNotKept) {
  machine_.set_kernel("5.6.19");
  EXPECT_TRUE(known_.of(machine_.root())->at(1).can_offline);
  machine_.add_block(1, "online", false);
  EXPECT_FALSE(known_.of(machine_.root())->at(1).can_offline) << "its pages changed";
}

TEST_F(KnownMemoryBlocksTest, AreNotKeptThroughAnError) {
  EXPECT_TRUE(second_is_online());
  std::filesystem::remove_all(machine_.dir().path() / "sys/devices/system/memory/memory0");
  std::filesystem::remove_all(machine_.dir().path() / "sys/devices/system/memory/memory1");
  machine_.dir().write("sys/devices/system/memory/block_size_bytes", "8000000\n");
  announce(8);
  EXPECT_FALSE(known_.of(machine_.root()));
  announce(7);
  EXPECT_FALSE(known_.of(machine_.root()));
}

TEST(MemoryBlockState, TellsMissingBlocksFromMissingDivision) {
  const support::MachineTree machine;
  const auto undivided = memory_block_state(machine.root(), 1);
  ASSERT_FALSE(undivided);
  EXPECT_EQ(undivided.error().kind, Error::Kind::kUnsupported);
  machine.add_block(0, {});
  machine.add_block(1, "offline");
  const auto missing = memory_block_state(machine.root(), 2);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, Error::Kind::kGeneric);
  EXPECT_EQ(missing.error().errno_value, ENOENT);
  EXPECT_EQ(*memory_block_state(machine.root(), 0), std::nullopt);
  EXPECT_EQ(*memory_block_state(machine.root(), 1), false);
}

TEST(MemoryBlockSize, IsHexadecimal) {
  EXPECT_EQ(parse_block_size("8000000\n"), 134217728U);
  EXPECT_EQ(parse_block_size("7fffffff\n"), 0x7fffffffU);
  for (const char* text : {"", "\n", "0x10", "-1", "zzz", "10 ", "ffffffffffffffffff"}) {
    EXPECT_EQ(parse_block_size(text), std::nullopt) << text;
  }
}

TEST(MemoryBlockSize, SaysWhatItCouldNotRead) {
  const support::MachineTree machine;
  EXPECT_EQ(memory_block_size(machine.root()).error().text,
            "open(\"/sys/devices/system/memory/\"): No such file or directory");
  machine.add_block(0, "online");
  EXPECT_EQ(memory_block_size(machine.root()).error().text,
            "open sysfs file \"block_size_bytes\": No such file or directory");
  machine.dir().write("sys/devices/system/memory/block_size_bytes", "zzz\n");
  EXPECT_EQ(memory_block_size(machine.root()).error().text,
            "open sysfs file \"block_size_bytes\", which says 'zzz': Invalid argument");
}

}  // namespace
}  // namespace guestd::platform
