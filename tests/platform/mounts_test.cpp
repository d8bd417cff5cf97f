// SPDX-License-Identifier: Apache-2.0
#include "platform/mounts.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

Mount only_mount(std::string_view line) {
  const MountTable table = parse_mountinfo(line);
  EXPECT_EQ(table.skipped_lines(), 0U) << line;
  return table.mounts().empty() ? Mount{} : table.mounts().front();
}

TEST(ParseMountinfo, TakesEveryField) {
  const Mount mount = only_mount(
      "36 35 98:0 /mnt1 /mnt2 rw,noatime shared:12 master:1 propagate_from:2 unbindable - ext3 /dev/root "
      "rw,errors=x\n");
  EXPECT_EQ(mount.id, 36);
  EXPECT_EQ(mount.parent_id, 35);
  EXPECT_EQ(mount.device, (DeviceNumber{98, 0}));
  EXPECT_EQ(mount.root, "/mnt1");
  EXPECT_EQ(mount.mountpoint, "/mnt2");
  EXPECT_EQ(mount.options, "rw,noatime");
  EXPECT_EQ(mount.propagation, (Propagation{12, 1, 2, true}));
  EXPECT_EQ(mount.type, "ext3");
  EXPECT_EQ(mount.source, "/dev/root");
  EXPECT_EQ(mount.super_options, "rw,errors=x");
}

TEST(ParseMountinfo, ManagesWithoutAndWithUnknownOptionalFields) {
  EXPECT_EQ(only_mount("1 0 8:1 / / rw - ext4 /dev/sda1 rw").propagation, Propagation{});
  EXPECT_EQ(only_mount("1 0 8:1 / / rw new:5 shared:3 - ext4 /dev/sda1 rw").propagation.shared, 3);
}

TEST(ParseMountinfo, ResolvesOctalEscapes) {
  const Mount mount = only_mount(R"(1 0 8:1 /a\134b /with\040blank\011tab\012line\043 rw - fuse.x\040y src\0401 rw)");
  EXPECT_EQ(mount.root, "/a\\b");
  EXPECT_EQ(mount.mountpoint, "/with blank\ttab\nline#");
  EXPECT_EQ(mount.type, "fuse.x y");
  EXPECT_EQ(mount.source, "src 1");
}

TEST(ParseMountinfo, LeavesABackslashAloneThatIsNoEscape) {
  EXPECT_EQ(only_mount(R"(1 0 8:1 / /a\9\04\777\0 rw - ext4 x rw)").mountpoint, R"(/a\9\04\777\0)");
}

TEST(ParseMountinfo, TakesAnEmptySourceAndEmptySuperOptions) {
  const Mount mount = only_mount("1 0 0:40 / /x rw - tmpfs  rw,size=1k");
  EXPECT_EQ(mount.source, "");
  EXPECT_EQ(mount.super_options, "rw,size=1k");
  EXPECT_EQ(only_mount("1 0 0:40 / /x rw - tmpfs none ").super_options, "");
}

TEST(ParseMountinfo, SkipsAndCountsOnlyBadLines) {
  const MountTable table = parse_mountinfo(
      "rubbish\n"
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "x 0 8:1 / /a rw - ext4 /dev/sda1 rw\n"
      "2 1 8 / /a rw - ext4 /dev/sda1 rw\n"
      "2 1 8:1 / /a rw ext4 /dev/sda1 rw\n"
      "2 1 8:1 / a rw - ext4 /dev/sda1 rw\n"
      "2 1 8:1 / /a rw - ext4\n"
      "99999999999 1 8:1 / /a rw - ext4 /dev/sda1 rw\n"
      "\n"
      "3 1 8:2 / /b rw - ext4 /dev/sda2 rw");
  ASSERT_EQ(table.mounts().size(), 2U);
  EXPECT_EQ(table.mounts()[1].mountpoint, "/b");
  EXPECT_EQ(table.skipped_lines(), 7U);
}

TEST(StorageOf, TellsWhatAFileSystemLiesOn) {
  const auto storage = [](std::string_view device, std::string_view type) {
    return storage_of(only_mount("1 0 " + std::string(device) + " / /x rw - " + std::string(type) + " src rw"));
  };
  EXPECT_EQ(storage("8:1", "ext4"), Storage::kBlockDevice);
  EXPECT_EQ(storage("7:0", "squashfs"), Storage::kBlockDevice);
  EXPECT_EQ(storage("8:2", "fuseblk"), Storage::kBlockDevice);
  EXPECT_EQ(storage("0:40", "btrfs"), Storage::kVolume);
  EXPECT_EQ(storage("0:41", "zfs"), Storage::kVolume);
  EXPECT_EQ(storage("0:42", "erofs"), Storage::kVolume);
  EXPECT_EQ(storage("0:43", "overlay"), Storage::kOverlay);
  EXPECT_EQ(storage("0:44", "tmpfs"), Storage::kMemory);
  EXPECT_EQ(storage("0:45", "nfs4"), Storage::kNetwork);
  EXPECT_EQ(storage("0:46", "virtiofs"), Storage::kNetwork);
  EXPECT_EQ(storage("0:47", "fuse.sshfs"), Storage::kFuse);
  EXPECT_EQ(storage("0:48", "proc"), Storage::kNone);
  EXPECT_EQ(storage("0:49", "autofs"), Storage::kNone);
}

TEST(IsReadOnly, LooksAtTheMountAndAtTheFileSystem) {
  EXPECT_FALSE(is_read_only(only_mount("1 0 8:1 / / rw,errors=remount-ro - ext4 x rw,errors=remount-ro")));
  EXPECT_TRUE(is_read_only(only_mount("1 0 8:1 / / ro,noatime - ext4 x rw")));
  EXPECT_TRUE(is_read_only(only_mount("1 0 8:1 / / rw - ext4 x ro")));
}

TEST(IsBindMount, KnowsSubvolumes) {
  EXPECT_FALSE(is_bind_mount(only_mount("1 0 8:1 / / rw - ext4 x rw")));
  EXPECT_TRUE(is_bind_mount(only_mount("1 0 8:1 /srv /data rw - ext4 x rw")));
  EXPECT_FALSE(is_bind_mount(only_mount("1 0 0:40 /@home /home rw - btrfs x rw,subvolid=257,subvol=/@home")));
  EXPECT_TRUE(is_bind_mount(only_mount("1 0 0:40 /@home/me /me rw - btrfs x rw,subvolid=257,subvol=/@home")));
}

TEST(MountOption, FindsFlagsAndValues) {
  EXPECT_EQ(mount_option("rw,fd=3,ro", "ro"), "");
  EXPECT_EQ(mount_option("rw,fd=3,ro", "fd"), "3");
  EXPECT_EQ(mount_option("rw,fd=3,ro", "f"), std::nullopt);
  EXPECT_EQ(mount_option("errors=remount-ro", "ro"), std::nullopt);
  EXPECT_EQ(mount_option("", "ro"), std::nullopt);
}

constexpr std::string_view kStacked =
    "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "21 20 8:2 / /mnt rw - ext4 /dev/sda2 rw\n"
    "22 21 8:3 / /mnt/a rw - ext4 /dev/sda3 rw\n"
    "23 21 8:4 / /mnt rw - ext4 /dev/sda4 rw\n"
    "24 20 8:5 / /gone//deleted rw - ext4 /dev/sda5 rw\n"
    "25 20 8:6 / /over/under rw - ext4 /dev/sda6 rw\n"
    "26 20 8:7 / /over rw - ext4 /dev/sda7 rw\n";

TEST(MountTable, KnowsWhatIsHiddenBehindOtherMounts) {
  const MountTable table = parse_mountinfo(kStacked);
  const auto visible = [&](int id) { return table.is_visible(*table.find(id)); };
  EXPECT_TRUE(visible(20));
  EXPECT_FALSE(visible(21)) << "/mnt has a second mount on it";
  EXPECT_FALSE(visible(22)) << "and hides what lies below";
  EXPECT_TRUE(visible(23));
  EXPECT_FALSE(visible(24)) << "its folder has been removed";
  EXPECT_FALSE(visible(25)) << "a folder on the way was mounted over later";
  EXPECT_TRUE(visible(26));
}

TEST(MountTable, FollowsAPathToItsMount) {
  const MountTable table = parse_mountinfo(kStacked);
  EXPECT_EQ(table.mount_of("/")->id, 20);
  EXPECT_EQ(table.mount_of("/etc/passwd")->id, 20);
  EXPECT_EQ(table.mount_of("/mnt/a/b")->id, 23);
  EXPECT_EQ(table.mount_of("/mntx")->id, 20);
  EXPECT_EQ(table.mount_of("/over/under/file")->id, 26);
  EXPECT_EQ(table.find(99), nullptr);
}

TEST(MountTable, SurvivesTablesThatNoKernelWrites) {
  EXPECT_EQ(parse_mountinfo("").mount_of("/"), nullptr);
  EXPECT_EQ(parse_mountinfo("5 4 8:1 / /only rw - ext4 x rw").mount_of("/only"), nullptr);
  const MountTable circle = parse_mountinfo("1 0 8:1 / / rw - a b c\n2 3 8:1 / / rw - a b c\n3 2 8:1 / / rw - a b c\n");
  EXPECT_EQ(circle.mount_of("/x")->id, 1);
  const MountTable self = parse_mountinfo("1 1 8:1 / / rw - a b c\n1 1 8:1 / / rw - a b c\n");
  EXPECT_NE(self.mount_of("/"), nullptr);
}

TEST(Mounts, AreThoseOfThisProcess) {
  const auto table = mounts(Root::system());
  ASSERT_TRUE(table);
  EXPECT_EQ(table->skipped_lines(), 0U);
  const Mount* proc = table->mount_of("/proc/self");
  ASSERT_NE(proc, nullptr);
  EXPECT_EQ(proc->type, "proc");
}

TEST(Mounts, SayWhichFileCannotBeRead) {
  const auto table = mounts(support::FixtureRoot().root());
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().text, "cannot open /proc/self/mountinfo: No such file or directory");
}

}  // namespace
}  // namespace guestd::platform
