// SPDX-License-Identifier: Apache-2.0
#include "platform/device_stack.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/block_tree.hpp"

namespace guestd::platform {
namespace {

constexpr const char* kVda = "pci0000:00/0000:00:05.0/virtio1/block/vda";
constexpr const char* kVdb = "pci0000:00/0000:00:06.0/virtio2/block/vdb";

std::vector<std::string> names(const std::vector<BlockDevice>& devices) {
  std::vector<std::string> result;
  for (const BlockDevice& device : devices) result.push_back(device.name);
  return result;
}

using Names = std::vector<std::string>;

/// vda with two partitions, and vdb.
class DeviceStack : public testing::Test {
 protected:
  DeviceStack() {
    tree_.disk(kVda, "254:0");
    tree_.partition(kVda, "vda1", "254:1");
    tree_.partition(kVda, "vda2", "254:2");
    tree_.disk(kVdb, "254:16");
  }

  BlockDevice device(std::string_view name) { return *block_device_named(root(), name); }
  Root root() { return fixture_.root(); }
  std::vector<std::string> bottom(std::string_view name) { return names(bottom_of(root(), device(name))); }
  std::vector<std::string> devices_below(std::string_view mountinfo) {
    return names(devices_of(root(), parse_mountinfo(mountinfo).mounts().at(0)));
  }

  support::FixtureRoot fixture_;
  support::BlockTree tree_{fixture_};
};

TEST_F(DeviceStack, FindsADeviceByItsNumber) {
  const auto found = block_device(root(), {254, 1});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "vda1");
  EXPECT_EQ(found->node, "/dev/vda1");
  EXPECT_EQ(found->sysfs_path, "/sys/devices/" + std::string(kVda) + "/vda1");
  EXPECT_EQ(found->number, (DeviceNumber{254, 1}));
  EXPECT_TRUE(found->is_partition);
  EXPECT_FALSE(found->is_virtual());
}

TEST_F(DeviceStack, SaysWhichDeviceIsNotThere) {
  EXPECT_EQ(block_device(root(), {9, 9}).error().text, "cannot open /sys/dev/block/9:9: No such file or directory");
  EXPECT_EQ(block_device_named(root(), "../vda").error().text, "'../vda' is not the name of a block device");
  EXPECT_EQ(block_device_at(root(), "overlay").error().text, "'overlay' is not the path of a block device");
}

TEST_F(DeviceStack, RefusesAFolderThatIsNoBlockDevice) {
  fixture_.dir().write("sys/devices/x/uevent", "DEVNAME=x\n");
  tree_.link("class/block/x", "x");
  EXPECT_EQ(block_device_named(root(), "x").error().text, "/sys/devices/x/uevent is not that of a block device");
}

TEST_F(DeviceStack, FindsADeviceByALinkToItsNode) {
  fixture_.dir().write("dev/vda1", "");
  std::filesystem::create_directories(fixture_.dir().path() / "dev/mapper");
  std::filesystem::create_symlink("../vda1", fixture_.dir().path() / "dev/mapper/data");
  EXPECT_EQ(block_device_at(root(), "/dev/mapper/data")->name, "vda1");
  EXPECT_EQ(block_device_at(root(), "/dev/vda1")->name, "vda1");
}

TEST_F(DeviceStack, TakesASlashInANodeFromTheKernel) {
  const std::string path = "pci0000:00/0000:00:07.0/cciss0/block/cciss!c0d0";
  tree_.disk(path, "104:0");
  tree_.attribute(path + "/uevent", "MAJOR=104\nMINOR=0\nDEVNAME=cciss/c0d0\nDEVTYPE=disk");
  EXPECT_EQ(device("cciss!c0d0").node, "/dev/cciss/c0d0");
}

TEST_F(DeviceStack, GoesFromPartitionToDiskAndBack) {
  EXPECT_EQ(disk_of(root(), device("vda2"))->name, "vda");
  EXPECT_EQ(disk_of(root(), device("vda"))->name, "vda");
  for (int i = 3; i < 12; ++i) {
    tree_.partition(kVda, "vda" + std::to_string(i), "254:" + std::to_string(i));
  }
  EXPECT_EQ(names(partitions_of(root(), device("vda"))),
            (Names{"vda1", "vda2", "vda3", "vda4", "vda5", "vda6", "vda7", "vda8", "vda9", "vda10", "vda11"}));
  EXPECT_TRUE(partitions_of(root(), device("vdb")).empty());
}

TEST_F(DeviceStack, FollowsVolumesDownToDisksAndPartitions) {
  tree_.volume("md0", "9:0");
  tree_.part("md0", kVda + std::string("/vda2"));
  tree_.part("md0", kVdb);
  tree_.volume("dm-0", "253:0");  // LUKS on md
  tree_.part("dm-0", "virtual/block/md0");
  tree_.volume("dm-1", "253:1");  // LVM on LUKS
  tree_.part("dm-1", "virtual/block/dm-0");
  EXPECT_EQ(names(*parts_of(root(), device("dm-1"))), Names{"dm-0"});
  EXPECT_EQ(bottom("dm-1"), (Names{"vda2", "vdb"}));
  EXPECT_EQ(bottom("vda1"), Names{"vda1"});
}

TEST_F(DeviceStack, NamesADiskOnceThatIsReachedTwice) {
  tree_.volume("dm-0", "253:0");
  tree_.volume("dm-1", "253:1");
  tree_.volume("dm-2", "253:2");  // a thin pool: its data and its metadata
  tree_.part("dm-0", kVda + std::string("/vda2"));
  tree_.part("dm-1", kVda + std::string("/vda2"));
  tree_.part("dm-2", "virtual/block/dm-0");
  tree_.part("dm-2", "virtual/block/dm-1");
  EXPECT_EQ(bottom("dm-2"), Names{"vda2"});
}

TEST_F(DeviceStack, FollowsThePartitionOfAVolume) {
  tree_.volume("md0", "9:0");
  tree_.part("md0", kVdb);
  tree_.partition("virtual/block/md0", "md0p1", "259:0");
  EXPECT_EQ(bottom("md0p1"), Names{"vdb"});
}

TEST_F(DeviceStack, EndsInACircle) {
  tree_.volume("dm-0", "253:0");
  tree_.volume("dm-1", "253:1");
  tree_.part("dm-0", "virtual/block/dm-1");
  tree_.part("dm-1", "virtual/block/dm-0");
  EXPECT_TRUE(bottom("dm-0").empty());
}

TEST_F(DeviceStack, KnowsTheFileOfALoopDevice) {
  tree_.volume("loop0", "7:0");
  tree_.attribute("virtual/block/loop0/loop/backing_file", "/srv/disk image (deleted)");
  tree_.partition("virtual/block/loop0", "loop0p1", "259:1");
  EXPECT_EQ(backing_file(root(), device("loop0")), "/srv/disk image (deleted)");
  EXPECT_EQ(backing_file(root(), device("loop0p1")), "/srv/disk image (deleted)");
  EXPECT_EQ(backing_file(root(), device("vda")), std::nullopt);
  EXPECT_EQ(bottom("loop0p1"), Names{"loop0p1"});
}

TEST_F(DeviceStack, FindsTheDeviceOfAMount) {
  EXPECT_EQ(devices_below("1 0 254:1 / / rw - ext4 /dev/root rw"), Names{"vda1"});
  EXPECT_EQ(devices_below("1 0 9:9 / / rw - ext4 /dev/gone rw"), Names{});
  EXPECT_EQ(devices_below("1 0 0:9 / / rw - tmpfs /dev/vda1 rw"), Names{});
}

TEST_F(DeviceStack, FindsAllMembersOfABtrfs) {
  tree_.link("fs/btrfs/b5b6/devices/vda2", kVda + std::string("/vda2"));
  tree_.link("fs/btrfs/b5b6/devices/vdb", kVdb);
  tree_.link("fs/btrfs/aaaa/devices/vda1", kVda + std::string("/vda1"));
  fixture_.dir().write("sys/fs/btrfs/features/raid1c34", "0\n");
  fixture_.dir().write("dev/vdb", "");
  fixture_.dir().write("dev/vda1", "");
  EXPECT_EQ(devices_below("1 0 0:9 /@ / rw - btrfs /dev/vdb rw"), (Names{"vda2", "vdb"}));
  EXPECT_EQ(devices_below("1 0 0:9 /@ / rw - btrfs /dev/vda1 rw"), Names{"vda1"});
  EXPECT_EQ(devices_below("1 0 0:9 /@ / rw - btrfs /dev/root rw"), Names{}) << "either of the two";
}

TEST_F(DeviceStack, FindsTheOnlyBtrfsAlsoBehindAnUnknownName) {
  tree_.link("fs/btrfs/b5b6/devices/vda2", kVda + std::string("/vda2"));
  EXPECT_EQ(devices_below("1 0 0:9 /@ / rw - btrfs /dev/root rw"), Names{"vda2"});
}

TEST_F(DeviceStack, FindsTheMembersOfABcachefs) {
  fixture_.dir().write("dev/vda2", "");
  fixture_.dir().write("dev/vdb", "");
  EXPECT_EQ(devices_below("1 0 0:9 / / rw - bcachefs /dev/vda2:/dev/vdb:/dev/none rw"), (Names{"vda2", "vdb"}));
}

TEST(DeviceNumbers, AreReadFromSysfs) {
  EXPECT_EQ(parse_device_number("8:17\n"), (DeviceNumber{8, 17}));
  EXPECT_EQ(parse_device_number("8:"), std::nullopt);
  EXPECT_EQ(parse_device_number("8"), std::nullopt);
  EXPECT_EQ(parse_device_number("8:1 "), std::nullopt);
  EXPECT_EQ(parse_device_number("-8:1"), std::nullopt);
  EXPECT_EQ(to_string(DeviceNumber{253, 4}), "253:4");
}

}  // namespace
}  // namespace guestd::platform
