// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/commands/command_bench.hpp"
#include "tests/support/block_tree.hpp"

namespace guestd::commands {
namespace {

/// A machine with vda (vda1 on /, vda2 and vdb below LVM on /data) and a root of its own for each test.
class GetFsinfo : public testing::Test {
 protected:
  GetFsinfo() {
    tree_.driver("pci0000:00/0000:00:05.0", "virtio-pci");
    tree_.disk(kVda, "254:0");
    tree_.attribute(std::string(kVda) + "/serial", "one");
    tree_.partition(kVda, "vda1", "254:1");
    tree_.partition(kVda, "vda2", "254:2");
    tree_.disk(kVdb, "254:16");
    tree_.volume("dm-0", "253:0");
    tree_.part("dm-0", kVda + std::string("/vda2"));
    tree_.part("dm-0", kVdb);
    mounts(kTwo);
    bench_.disks().usages = {{"/", {10, 90, 100}}, {"/data", {1, 2, 3}}};
  }

  void mounts(std::string_view text) { fixture_.dir().write("proc/self/mountinfo", text); }

  static constexpr const char* kVda = "pci0000:00/0000:00:05.0/virtio1/block/vda";
  static constexpr const char* kVdb = "pci0000:00/0000:00:06.0/virtio2/block/vdb";
  static constexpr std::string_view kTwo =
      "20 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
      "21 20 0:5 / /proc rw - proc proc rw\n"
      "22 20 253:0 / /data rw - xfs /dev/mapper/vg-data rw\n";

  support::FixtureRoot fixture_;
  support::BlockTree tree_{fixture_};
  CommandBench bench_{fixture_.root()};
};

TEST_F(GetFsinfo, ListsWhatLiesOnDisksTheLatestFirst) {
  const auto infos = get_fsinfo(bench_.context());
  ASSERT_TRUE(infos);
  ASSERT_EQ(infos->size(), 2U);
  const GuestFilesystemInfo& data = (*infos)[0];
  EXPECT_EQ(data.name, "dm-0");
  EXPECT_EQ(data.mountpoint, "/data");
  EXPECT_EQ(data.type, "xfs");
  EXPECT_EQ(data.used_bytes, 1U);
  EXPECT_EQ(data.total_bytes, 2U);
  EXPECT_EQ(data.total_bytes_privileged, 3U);
  EXPECT_EQ((*infos)[1].mountpoint, "/");
  EXPECT_EQ((*infos)[1].used_bytes, 10U);
}

TEST_F(GetFsinfo, TellsEveryDiskOfAVolume) {
  const auto infos = get_fsinfo(bench_.context());
  const auto& disks = (*infos)[0].disk;
  ASSERT_EQ(disks.size(), 2U);
  EXPECT_EQ(disks[0].dev, "/dev/vda2");
  EXPECT_EQ(disks[0].serial, "one");
  EXPECT_EQ(disks[0].bus_type, GuestDiskBusType::kVirtio);
  EXPECT_EQ(disks[0].pci_controller.slot, 5);
  EXPECT_EQ(disks[1].dev, "/dev/vdb");
  EXPECT_EQ(disks[1].serial, std::nullopt);
  EXPECT_EQ(disks[1].pci_controller.slot, 6);
}

TEST_F(GetFsinfo, KeepsAFileSystemThatCannotTellItsSize) {
  bench_.disks().usages.erase("/data");
  const auto infos = get_fsinfo(bench_.context());
  ASSERT_TRUE(infos);
  ASSERT_EQ(infos->size(), 2U);
  EXPECT_EQ((*infos)[0].total_bytes, std::nullopt);
  EXPECT_EQ((*infos)[0].used_bytes, std::nullopt);
  EXPECT_EQ((*infos)[0].total_bytes_privileged, std::nullopt);
  EXPECT_EQ((*infos)[0].disk.size(), 2U);
  EXPECT_EQ((*infos)[1].total_bytes, 90U);
}

TEST_F(GetFsinfo, KeepsAFileSystemWhoseDeviceIsUnknown) {
  mounts("20 1 254:1 / / rw - ext4 /dev/vda1 rw\n22 20 99:7 / /data rw - xfs /dev/gone rw\n");
  const auto infos = get_fsinfo(bench_.context());
  ASSERT_TRUE(infos);
  EXPECT_EQ((*infos)[0].name, "99:7");
  EXPECT_TRUE((*infos)[0].disk.empty());
  EXPECT_EQ((*infos)[1].name, "vda1");
}

TEST_F(GetFsinfo, TellsNoNumbersOfAHiddenFileSystem) {
  mounts(
      "20 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
      "22 20 254:2 / /data rw - xfs /dev/vda2 rw\n"
      "23 22 254:16 / /data rw - xfs /dev/vdb rw\n");
  const auto infos = get_fsinfo(bench_.context());
  ASSERT_EQ(infos->size(), 3U);
  EXPECT_EQ((*infos)[0].name, "vdb");
  EXPECT_EQ((*infos)[0].total_bytes, 2U);
  EXPECT_EQ((*infos)[1].name, "vda2");
  EXPECT_EQ((*infos)[1].total_bytes, std::nullopt) << "those at /data are vdb's";
}

TEST_F(GetFsinfo, SaysThatThereIsNoMountTable) {
  CommandBench bench(support::FixtureRoot().root());
  EXPECT_EQ(get_fsinfo(bench.context()).error().text, "cannot open /proc/self/mountinfo: No such file or directory");
}

}  // namespace
}  // namespace guestd::commands
