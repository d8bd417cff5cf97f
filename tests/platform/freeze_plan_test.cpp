// SPDX-License-Identifier: Apache-2.0
#include "platform/freeze_plan.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/block_tree.hpp"
#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

using Strings = std::vector<std::string>;

Strings mountpoints(const std::vector<PlannedFreeze>& order) {
  Strings all;
  for (const auto& planned : order) all.push_back(planned.mount.mountpoint);
  return all;
}

FreezePlan plan(std::string_view mountinfo, const FileSystemStack& stack = {},
                const FreezeExclusions& exclusions = {}) {
  return plan_freeze(parse_mountinfo(mountinfo), stack, exclusions, std::nullopt);
}

FreezePlan plan_of(std::string_view mountinfo, const Strings& wanted) {
  return plan_freeze(parse_mountinfo(mountinfo), {}, {}, std::span(wanted));
}

std::string reason_for(const FreezePlan& plan, std::string_view mountpoint) {
  for (const auto& left_out : plan.left_out) {
    if (left_out.mount.mountpoint == mountpoint) return left_out.reason;
  }
  return "";
}

constexpr std::string_view kPlain =
    "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "2 1 0:5 / /proc rw - proc proc rw\n"
    "3 1 8:2 / /home rw - xfs /dev/sda2 rw\n"
    "4 1 8:3 / /srv rw - ext4 /dev/sda3 rw\n";

TEST(FreezePlan, TakesWhatWasMountedLastFirst) {
  EXPECT_EQ(mountpoints(plan(kPlain).order), (Strings{"/srv", "/home", "/"}));
  EXPECT_TRUE(plan(kPlain).left_out.empty()) << "what holds no data is not worth a word";
}

TEST(FreezePlan, TakesAFileSystemOnceWhateverTheNumberOfItsMounts) {
  const auto result = plan(
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "2 1 8:2 /sub /first rw - ext4 /dev/sda2 rw\n"
      "3 1 8:2 / /whole rw - ext4 /dev/sda2 rw\n"
      "4 1 8:1 /var /bind rw - ext4 /dev/sda1 rw\n");
  EXPECT_EQ(mountpoints(result.order), (Strings{"/whole", "/"})) << "by the mount that shows all of it";
}

TEST(FreezePlan, ReachesAHiddenMountByAnotherOneOfTheSameDevice) {
  const auto result = plan(
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "2 1 8:2 / /data rw - ext4 /dev/sda2 rw\n"
      "3 1 8:2 /sub /other rw - ext4 /dev/sda2 rw\n"
      "4 2 8:3 / /data rw - ext4 /dev/sda3 rw\n");
  EXPECT_EQ(mountpoints(result.order), (Strings{"/data", "/other", "/"}));
  EXPECT_EQ(result.order[0].mount.id, 4) << "the path leads to the mount on top";
}

TEST(FreezePlan, LeavesOutWhatNoPathLeadsTo) {
  const auto result = plan(
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "2 1 8:2 / /data rw - ext4 /dev/sda2 rw\n"
      "3 2 0:40 / /data rw - tmpfs tmpfs rw\n"
      "4 1 8:3 / /gone//deleted rw - ext4 /dev/sda3 rw\n");
  EXPECT_EQ(mountpoints(result.order), (Strings{"/"}));
  ASSERT_EQ(result.left_out.size(), 3U);
  EXPECT_TRUE(result.left_out[0].may_lose_writes);
  EXPECT_TRUE(result.left_out[0].reason.starts_with("no path leads to it"));
  EXPECT_TRUE(reason_for(result, "/gone//deleted").starts_with("no path leads to it"));
}

TEST(FreezePlan, FreezesBeforeAFileSystemWhatLiesOnIt) {
  constexpr std::string_view kStacked =
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "2 1 7:0 / /image rw - ext4 /dev/loop0 rw\n"
      "3 1 8:2 / /store rw - xfs /dev/sda2 rw\n"
      "4 1 7:1 / /inner rw - ext4 /dev/loop1 rw\n";
  // loop0 has its file on sda2, which was mounted later; loop1 has its file on loop0's file system.
  const FileSystemStack stack{{{7, 0}, {{8, 2}}}, {{7, 1}, {{7, 0}}}};
  const auto result = plan(kStacked, stack);
  EXPECT_EQ(mountpoints(result.order), (Strings{"/inner", "/image", "/store", "/"}));
  EXPECT_EQ(result.order[1].after, (Strings{"/inner"}));
  EXPECT_EQ(result.order[2].after, (Strings{"/image", "/inner"}));
}

TEST(FreezePlan, SeesThroughWhatIsNotFrozenItself) {
  // A loop file in an overlay, whose upper folder is on sda2.
  constexpr std::string_view kThroughOverlay =
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "2 1 7:0 / /image rw - ext4 /dev/loop0 rw\n"
      "3 1 8:2 / /store rw - xfs /dev/sda2 rw\n"
      "4 1 0:50 / /merged rw - overlay overlay rw,lowerdir=/l,upperdir=/store/u,workdir=/store/w\n";
  const FileSystemStack stack{{{7, 0}, {{0, 50}}}, {{0, 50}, {{8, 1}, {8, 2}}}};
  const auto result = plan(kThroughOverlay, stack);
  EXPECT_EQ(mountpoints(result.order), (Strings{"/image", "/store", "/"}));
  EXPECT_NE(reason_for(result, "/merged").find("overlay"), std::string::npos);
}

TEST(FreezePlan, ComesToAnEndWhenSomethingLiesOnItself) {
  const FileSystemStack circle{{{8, 1}, {{8, 2}, {8, 1}}}, {{8, 2}, {{8, 3}}}, {{8, 3}, {{8, 1}}}};
  EXPECT_EQ(plan(kPlain, circle).order.size(), 3U);
}

TEST(FreezePlan, LeavesOutWhatCannotBeFrozenAndSaysWhy) {
  const auto result = plan(
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "2 1 0:40 / /tmp rw - tmpfs tmpfs rw\n"
      "3 1 0:41 / /nfs rw - nfs4 server:/x rw\n"
      "4 1 0:42 / /sshfs rw - fuse.sshfs host: rw\n"
      "5 1 8:9 / /ntfs rw - fuseblk /dev/sda9 rw\n"
      "6 1 7:3 / /snap/core/1 ro - squashfs /dev/loop3 ro\n"
      "7 1 0:43 / /pool rw - zfs pool/x rw\n"
      "8 1 8:5 / /ro ro - ext4 /dev/sda5 ro\n"
      "9 1 0:44 / /net rw - autofs /etc/auto.net rw\n"
      "10 1 8:6 / /partly ro - ext4 /dev/sda6 rw\n");
  EXPECT_EQ(mountpoints(result.order), (Strings{"/partly", "/"})) << "only one mount of /partly is read-only";
  EXPECT_EQ(reason_for(result, "/tmp"), "it is in memory only");
  EXPECT_NE(reason_for(result, "/nfs").find("another machine"), std::string::npos);
  EXPECT_NE(reason_for(result, "/sshfs").find("FUSE"), std::string::npos);
  EXPECT_NE(reason_for(result, "/ntfs").find("FUSE"), std::string::npos);
  EXPECT_EQ(reason_for(result, "/snap/core/1"), "it is read-only");
  EXPECT_NE(reason_for(result, "/pool").find("ZFS"), std::string::npos);
  EXPECT_EQ(reason_for(result, "/ro"), "it is read-only");
  EXPECT_EQ(reason_for(result, "/net"), "") << "autofs is not even mentioned";
}

TEST(FreezePlan, PrefersAPathThatDoesNotLeadOverAnotherMachine) {
  const auto result = plan(
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "2 1 0:41 / /nfs rw - nfs4 server:/x rw\n"
      "3 2 8:2 / /nfs/disk rw - ext4 /dev/sda2 rw\n"
      "4 1 8:2 /part /disk rw - ext4 /dev/sda2 rw\n");
  EXPECT_EQ(mountpoints(result.order), (Strings{"/disk", "/"}));
}

TEST(FreezePlan, TakesABtrfsOnceWithAllItsSubvolumes) {
  const auto result = plan(
      "1 0 0:30 /@ / rw - btrfs /dev/sda1 rw,subvol=/@\n"
      "2 1 0:30 /@home /home rw - btrfs /dev/sda1 rw,subvol=/@home\n");
  EXPECT_EQ(mountpoints(result.order), (Strings{"/"}));
}

TEST(FreezePlan, OfAListTakesAFileSystemByAnyOfItsMountPoints) {
  const std::string table = std::string(kPlain) + "5 1 8:2 /x /bind rw - xfs /dev/sda2 rw\n";
  EXPECT_EQ(mountpoints(plan_of(table, {"/bind/"}).order), (Strings{"/home"}));
  EXPECT_EQ(mountpoints(plan_of(table, {"/bind", "/home", "//srv"}).order), (Strings{"/srv", "/home"}));
  EXPECT_TRUE(plan_of(table, {}).order.empty());
}

TEST(FreezePlan, NotesNamesThatAreNoMountPoints) {
  const auto result = plan_of(kPlain, {"/hme", "/home", ""});
  EXPECT_EQ(result.no_mount_points, (Strings{"/hme", ""}));
  EXPECT_EQ(mountpoints(result.order), (Strings{"/home"}));
}

TEST(FreezePlan, SaysOfAListedOneTooWhyItIsLeftOut) {
  EXPECT_EQ(plan_of("1 0 0:40 / /tmp rw - tmpfs tmpfs rw\n", {"/tmp"}).left_out.size(), 1U);
}

TEST(FreezePlan, ExcludesByTypeDeviceAndMountPoint) {
  const auto without = [](FreezeExclusions exclusions) { return mountpoints(plan(kPlain, {}, exclusions).order); };
  EXPECT_EQ(without({{}, {}, {"xf*"}}), (Strings{"/srv", "/"}));
  EXPECT_EQ(without({{}, {"/dev/sda[23]"}, {}}), (Strings{"/"}));
  EXPECT_EQ(without({{}, {"8:1"}, {}}), (Strings{"/srv", "/home"}));
  EXPECT_EQ(without({{"/s*"}, {}, {}}), (Strings{"/home", "/"}));
  EXPECT_TRUE(plan(kPlain, {}, {{"*"}, {}, {}}).order.empty());
  EXPECT_EQ(reason_for(plan(kPlain, {}, {{"/s*"}, {}, {}}), "/srv"), "the configuration excludes it");
}

TEST(FreezePlan, DoesNotExcludeAFileSystemForOneOfItsMountPoints) {
  const std::string table = std::string(kPlain) + "5 1 8:1 /v /var/lib/docker/volume rw - ext4 /dev/sda1 rw\n";
  const FreezeExclusions exclusions{{"/var/lib/docker/*"}, {}, {}};
  EXPECT_EQ(mountpoints(plan(table, {}, exclusions).order), (Strings{"/srv", "/home", "/"}));
}

class FileSystemStackOf : public testing::Test {
 protected:
  support::FixtureRoot fixture_;
  support::BlockTree tree_{fixture_};
};

TEST_F(FileSystemStackOf, FollowsLoopFilesAndVolumes) {
  tree_.disk("pci/block/sda", "8:0");
  tree_.partition("pci/block/sda", "sda1", "8:1");
  tree_.volume("loop0", "7:0");
  tree_.attribute("virtual/block/loop0/loop/backing_file", "/store/image");
  tree_.volume("dm-0", "253:0");
  tree_.part("dm-0", "virtual/block/loop0");
  const auto table = parse_mountinfo(
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "2 1 0:40 / /store rw - overlay overlay rw,lowerdir=/a:/b,upperdir=/up\n"
      "3 1 253:0 / /inner rw - ext4 /dev/mapper/x rw\n");
  const auto stack = file_system_stack(fixture_.root(), table);
  EXPECT_EQ(stack.at({253, 0}), (std::set<DeviceNumber>{{0, 40}})) << "through the volume to the file's file system";
  EXPECT_EQ(stack.at({0, 40}), (std::set<DeviceNumber>{{8, 1}}));
  EXPECT_TRUE(stack.at({8, 1}).empty());
}

TEST_F(FileSystemStackOf, IsEmptyWhereSysfsTellsNothing) {
  const auto table = parse_mountinfo("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
  EXPECT_TRUE(file_system_stack(fixture_.root(), table).at({8, 1}).empty());
}

}  // namespace
}  // namespace guestd::platform
