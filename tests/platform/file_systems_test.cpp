// SPDX-License-Identifier: Apache-2.0
#include "platform/file_systems.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/block_tree.hpp"
#include "tests/support/fake_disks.hpp"

namespace guestd::platform {
namespace {

using Texts = std::vector<std::string>;

Texts mountpoints(std::string_view mountinfo) {
  const MountTable table = parse_mountinfo(mountinfo);
  Texts result;
  for (const Mount* mount : file_systems(table)) result.push_back(mount->mountpoint);
  return result;
}

TEST(FileSystems, AreThoseThatLieOnDisks) {
  EXPECT_EQ(mountpoints("20 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
                        "21 20 0:21 / /proc rw - proc proc rw\n"
                        "22 20 0:22 / /tmp rw - tmpfs tmpfs rw\n"
                        "23 20 0:23 / /nfs rw - nfs4 server:/x rw\n"
                        "24 20 0:24 / /ssh rw - fuse.sshfs user@host:/ rw\n"
                        "25 20 0:25 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\n"
                        "26 20 0:26 / /pool rw - zfs tank/data rw\n"
                        "27 20 0:27 /@home /home rw - btrfs /dev/vdb rw,subvol=/@home\n"
                        "28 20 7:0 / /snap/core ro - squashfs /dev/loop0 ro\n"
                        "29 20 0:29 / /image ro - erofs /var/x.erofs ro\n"
                        "30 20 8:1 / /win rw - fuseblk /dev/sda1 rw\n"),
            (Texts{"/", "/pool", "/home", "/snap/core", "/image", "/win"}));
}

TEST(FileSystems, IncludeARootThatIsAnOverlay) {
  EXPECT_EQ(mountpoints("20 1 0:40 / / rw - overlay overlay rw,lowerdir=/rom,upperdir=/overlay/upper\n"
                        "21 20 0:41 / /merged rw - overlay overlay rw\n"),
            Texts{"/"});
}

TEST(FileSystems, AppearOnceByTheirFirstMount) {
  EXPECT_EQ(mountpoints("20 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
                        "21 20 254:2 / /a rw - ext4 /dev/vda2 rw\n"
                        "22 20 254:2 / /b rw - ext4 /dev/vda2 rw\n"
                        "23 20 0:50 /@ /c rw - btrfs /dev/vdb rw,subvol=/@\n"
                        "24 20 0:50 /@home /d rw - btrfs /dev/vdb rw,subvol=/@home\n"),
            (Texts{"/", "/a", "/c"}));
}

TEST(FileSystems, AreNotKnownByABindMountOrAHiddenOne) {
  EXPECT_EQ(mountpoints("20 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
                        "21 20 254:2 /srv /bind rw - ext4 /dev/vda2 rw\n"
                        "22 20 254:2 / /whole rw - ext4 /dev/vda2 rw\n"
                        "23 20 254:3 / /over rw - ext4 /dev/vda3 rw\n"
                        "24 23 254:4 / /over rw - ext4 /dev/vda4 rw\n"
                        "25 20 254:3 /part /seen rw - ext4 /dev/vda3 rw\n"),
            (Texts{"/", "/whole", "/over", "/seen"}));
}

TEST(FileSystems, AppearEvenIfOnlyHiddenMountsAreLeft) {
  EXPECT_EQ(mountpoints("20 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
                        "23 20 254:3 / /over rw - ext4 /dev/vda3 rw\n"
                        "24 23 0:4 / /over rw - tmpfs x rw\n"),
            (Texts{"/", "/over"}));
}

/// A machine with two disks, LVM and a loop device.
class FileSystemDisks : public testing::Test {
 protected:
  FileSystemDisks() {
    tree_.disk(kVda, "254:0");
    tree_.partition(kVda, "vda1", "254:1");
    tree_.disk(kVdb, "254:16");
    tree_.volume("dm-0", "253:0");
    tree_.part("dm-0", kVda + std::string("/vda1"));
    tree_.part("dm-0", kVdb);
    tree_.volume("loop0", "7:0");
    fixture_.dir().write("dev/vdb", "");
  }

  static constexpr const char* kVda = "pci0000:00/0000:00:05.0/virtio1/block/vda";
  static constexpr const char* kVdb = "pci0000:00/0000:00:06.0/virtio2/block/vdb";

  Texts disks(std::string_view mountinfo) {
    const MountTable table = parse_mountinfo(mountinfo);
    Texts names;
    const support::FakeDatabase database(script_);
    for (const BlockDevice& disk : place_of(fixture_.root(), database, table, table.mounts().at(0)).disks) {
      names.push_back(disk.name);
    }
    return names;
  }
  std::string name(std::string_view mountinfo) {
    const MountTable table = parse_mountinfo(mountinfo);
    const support::FakeDatabase database(script_);
    return place_of(fixture_.root(), database, table, table.mounts().at(0)).name;
  }

  support::FixtureRoot fixture_;
  support::BlockTree tree_{fixture_};
  std::shared_ptr<support::DiskScript> script_ = std::make_shared<support::DiskScript>();
};

TEST_F(FileSystemDisks, AreFoundThroughVolumes) {
  EXPECT_EQ(disks("1 0 253:0 / / rw - ext4 /dev/mapper/x rw"), (Texts{"vda1", "vdb"}));
  EXPECT_EQ(disks("1 0 7:0 / / rw - squashfs /dev/loop0 rw"), Texts{});
  EXPECT_EQ(disks("1 0 99:0 / / rw - ext4 /dev/none rw"), Texts{});
}

TEST_F(FileSystemDisks, OfAPoolAreThoseThatUdevKnows) {
  script_->properties[{"254:1", "ID_FS_TYPE"}] = "zfs_member";
  script_->properties[{"254:1", "ID_FS_LABEL"}] = "tank";
  script_->properties[{"254:16", "ID_FS_TYPE"}] = "zfs_member";
  script_->properties[{"254:16", "ID_FS_LABEL"}] = "other";
  EXPECT_EQ(disks("1 0 0:9 / / rw - zfs tank/root rw"), Texts{"vda1"});
  EXPECT_EQ(disks("1 0 0:9 / / rw - zfs other rw"), Texts{"vdb"});
}

TEST_F(FileSystemDisks, OfAnOverlayAreThoseOfTheLayerThatIsWrittenTo) {
  EXPECT_EQ(disks("1 0 0:9 / / rw - overlay overlay rw,lowerdir=/rom,upperdir=/overlay/upper,workdir=/overlay/w\n"
                  "2 1 254:16 / /overlay rw - ext4 /dev/vdb rw\n"),
            Texts{"vdb"});
  EXPECT_EQ(disks("1 0 0:9 / / rw - overlay overlay ro,lowerdir=/rom/a:/rom/b\n"
                  "2 1 254:1 / /rom rw - ext4 /dev/vda1 rw\n"),
            Texts{"vda1"});
  EXPECT_EQ(disks("1 0 0:9 / / rw - overlay overlay rw,upperdir=/gone\n"), Texts{});
}

TEST_F(FileSystemDisks, OfAnErofsInAFileAreThoseOfTheFile) {
  EXPECT_EQ(disks("1 2 0:9 / /image rw - erofs /data/x.img ro\n"
                  "2 0 254:1 / / rw - ext4 /dev/vda1 rw\n"
                  "3 2 254:16 / /data rw - ext4 /dev/vdb rw\n"),
            Texts{"vdb"});
}

TEST_F(FileSystemDisks, GiveFileSystemsTheirNames) {
  EXPECT_EQ(name("1 0 253:0 / / rw - ext4 /dev/mapper/x rw"), "dm-0");
  EXPECT_EQ(name("1 0 99:1 / / rw - ext4 /dev/none rw"), "99:1");
  EXPECT_EQ(name("1 0 0:9 / / rw - btrfs /dev/vdb rw"), "vdb");
  EXPECT_EQ(name("1 0 0:9 / / rw - btrfs /dev/none rw"), "/dev/none");
  EXPECT_EQ(name("1 0 0:9 / / rw - zfs tank/root rw"), "tank/root");
}

}  // namespace
}  // namespace guestd::platform
