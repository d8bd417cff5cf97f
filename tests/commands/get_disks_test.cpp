// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/commands/command_bench.hpp"
#include "tests/support/block_tree.hpp"

namespace guestd::commands {
namespace {

using Nodes = std::vector<std::string>;

/// An NVMe disk with two partitions, LVM on the second, and an empty loop device.
class GetDisks : public testing::Test {
 protected:
  GetDisks() {
    tree_.driver("pci0000:00/0000:00:05.0", "nvme");
    tree_.disk(kDisk, "259:0");
    tree_.partition(kDisk, "nvme0n1p1", "259:1");
    tree_.partition(kDisk, "nvme0n1p2", "259:2");
    tree_.volume("dm-0", "253:0");
    tree_.attribute("virtual/block/dm-0/dm/name", "vg-root");
    tree_.part("dm-0", kDisk + std::string("/nvme0n1p2"));
    tree_.disk("virtual/block/loop0", "7:0", "0");
  }

  GuestDiskInfo disk(const std::string& name) {
    const auto all = get_disks(bench_.context());
    const auto found = std::find_if(all->begin(), all->end(), [&](const auto& info) { return info.name == name; });
    if (found == all->end()) throw std::runtime_error("no " + name);
    return *found;
  }

  static constexpr const char* kDisk = "pci0000:00/0000:00:05.0/nvme/nvme0/nvme0n1";

  support::FixtureRoot fixture_;
  support::BlockTree tree_{fixture_};
  CommandBench bench_{fixture_.root()};
};

TEST_F(GetDisks, ListsDisksVolumesAndPartitionsThatHaveASize) {
  const auto all = get_disks(bench_.context());
  ASSERT_TRUE(all);
  Nodes names;
  for (const auto& info : *all) names.push_back(info.name);
  EXPECT_EQ(names, (Nodes{"/dev/nvme0n1p2", "/dev/nvme0n1p1", "/dev/nvme0n1", "/dev/dm-0"}));
}

TEST_F(GetDisks, TellsWhereADiskIsAttached) {
  bench_.disks().properties[{"259:0", "ID_SERIAL"}] = "QEMU_1";
  const GuestDiskInfo info = disk("/dev/nvme0n1");
  EXPECT_FALSE(info.partition);
  EXPECT_EQ(info.dependencies, Nodes{});
  EXPECT_EQ(info.address->bus_type, GuestDiskBusType::kNvme);
  EXPECT_EQ(info.address->pci_controller.slot, 5);
  EXPECT_EQ(info.address->dev, "/dev/nvme0n1");
  EXPECT_EQ(info.address->serial, "QEMU_1");
  EXPECT_EQ(info.alias, std::nullopt);
}

TEST_F(GetDisks, TellsThePartsAndTheNameOfAVolume) {
  const GuestDiskInfo info = disk("/dev/dm-0");
  EXPECT_EQ(info.dependencies, Nodes{"/dev/nvme0n1p2"});
  EXPECT_EQ(info.alias, "vg-root");
  EXPECT_FALSE(info.address.has_value());
}

TEST_F(GetDisks, TellsTheDiskOfAPartition) {
  const GuestDiskInfo info = disk("/dev/nvme0n1p2");
  EXPECT_TRUE(info.partition);
  EXPECT_EQ(info.dependencies, Nodes{"/dev/nvme0n1"});
  EXPECT_FALSE(info.address.has_value());
}

TEST_F(GetDisks, TellsTheHealthOfAnNvmeDisk) {
  EXPECT_FALSE(disk("/dev/nvme0n1").smart.has_value()) << "the disk refuses to tell";
  platform::NvmeSmartPage page{};
  page[1] = std::byte{0x40};
  page[2] = std::byte{0x01};
  page[5] = std::byte{7};
  page[32] = std::byte{9};
  page[184] = std::byte{3};
  bench_.disks().smart_pages["/dev/nvme0n1"] = page;
  const auto smart = disk("/dev/nvme0n1").smart;
  ASSERT_TRUE(smart.has_value());
  EXPECT_EQ(smart->type, GuestDiskBusType::kNvme);
  const auto& nvme = std::get<GuestNVMeSmart>(smart->branch);
  EXPECT_EQ(nvme.temperature, 0x140);
  EXPECT_EQ(nvme.percentage_used, 7);
  EXPECT_EQ(nvme.data_units_read_lo, 9U);
  EXPECT_EQ(nvme.number_of_error_log_entries_hi, 3U);
}

TEST_F(GetDisks, ADeadDiskCostsOnlyItsOwnSerialNumberAndHealth) {
  using namespace std::chrono_literals;
  const std::string other = "pci0000:00/0000:00:06.0/nvme/nvme1/nvme1n1";
  tree_.driver("pci0000:00/0000:00:06.0", "nvme");
  tree_.disk(other, "259:3");
  bench_.disks().smart_pages["/dev/nvme0n1"] = bench_.disks().smart_pages["/dev/nvme1n1"] = {};
  bench_.disks().dead = {"/dev/nvme0n1"};
  bench_.host().disks.in_time = std::make_unique<platform::InTime>(platform::InTime::Limits{300ms, 20ms, 4});
  EXPECT_FALSE(disk("/dev/nvme0n1").smart.has_value());
  EXPECT_EQ(disk("/dev/nvme0n1").address->pci_controller.slot, 5);
  EXPECT_TRUE(disk("/dev/nvme1n1").smart.has_value());
  bench_.disks().silence->end();
}

TEST_F(GetDisks, PassesOverADiskThatItCannotUnderstand) {
  fixture_.dir().write("sys/block/broken/size", "77\n");
  const auto all = get_disks(bench_.context());
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), 4U);
}

TEST_F(GetDisks, SaysThatThereIsNoSysfs) {
  CommandBench bench(support::FixtureRoot().root());
  EXPECT_EQ(get_disks(bench.context()).error().text, "Can't open directory \"/sys/block\": No such file or directory");
}

}  // namespace
}  // namespace guestd::commands
