// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

class Fstrim : public testing::Test {
 protected:
  Fstrim() {
    mounts(
        "20 1 254:1 / / rw - ext3 /dev/vda1 rw\n"
        "21 20 254:2 / /a rw - vfat /dev/vda2 rw\n"
        "22 20 0:30 / /b rw - btrfs /dev/vdb rw,subvol=/\n");
  }

  void mounts(std::string_view text) { fixture_.dir().write("proc/self/mountinfo", text); }
  std::vector<GuestFilesystemTrimResult> trim(std::optional<std::int64_t> minimum = std::nullopt) {
    FstrimArgs args;
    args.minimum = minimum;
    return fstrim(bench_.context(), args)->paths;
  }

  support::FixtureRoot fixture_;
  CommandBench bench_{fixture_.root()};
};

TEST_F(Fstrim, TrimsEveryFileSystemAndTellsTheLatestFirst) {
  const auto paths = trim(4096);
  ASSERT_EQ(paths.size(), 3U);
  EXPECT_EQ(paths[0].path, "/b");
  EXPECT_EQ(paths[1].path, "/a");
  EXPECT_EQ(paths[2].path, "/");
  EXPECT_EQ(paths[0].trimmed, 4096);
  EXPECT_EQ(paths[0].minimum, 512) << "as the kernel tells it, not as it was asked for";
  EXPECT_EQ(paths[0].error, std::nullopt);
  EXPECT_EQ(bench_.disks().opened, (std::vector<std::string>{"/", "/a", "/b"}));
  for (const auto& range : bench_.disks().trimmed) EXPECT_EQ(range.minimum, 4096U);
}

TEST_F(Fstrim, TakesEveryFreeRangeUnlessToldOtherwise) {
  (void)trim();
  for (const auto& range : bench_.disks().trimmed) EXPECT_EQ(range.minimum, 0U);
}

TEST_F(Fstrim, GoesOnBehindAFileSystemThatFails) {
  bench_.disks().trim_errors["/"] = EOPNOTSUPP;
  bench_.disks().open_errors["/a"] = EACCES;
  const auto paths = trim();
  EXPECT_EQ(paths[2].error, "trim not supported");
  EXPECT_EQ(paths[2].trimmed, std::nullopt);
  EXPECT_EQ(paths[1].error, "failed to open: Permission denied");
  EXPECT_EQ(paths[1].minimum, std::nullopt);
  EXPECT_EQ(paths[0].trimmed, 4096);
}

TEST_F(Fstrim, LeavesAFileSystemAloneThatCannotBeReached) {
  mounts(
      "20 1 254:1 / / rw - ext3 /dev/vda1 rw\n"
      "21 20 254:2 / /a rw - vfat /dev/vda2 rw\n"
      "22 21 254:3 / /a rw - vfat /dev/vda3 rw\n");
  const auto paths = trim();
  ASSERT_EQ(paths.size(), 3U);
  EXPECT_EQ(paths[1].path, "/a");
  EXPECT_EQ(paths[1].error, "failed to open: another file system is mounted over it");
  EXPECT_EQ(bench_.disks().opened, (std::vector<std::string>{"/", "/a"})) << "the one on top";
}

TEST_F(Fstrim, DoesNotAskWhatHasNoBlocksOfItsOwn) {
  mounts("20 1 0:40 / / rw - overlay overlay rw\n21 20 0:41 / /pool rw - zfs tank rw\n");
  EXPECT_TRUE(trim().empty());
}

TEST_F(Fstrim, SaysThatThereIsNoMountTable) {
  CommandBench bench(support::FixtureRoot().root());
  EXPECT_EQ(fstrim(bench.context(), {}).error().text, "cannot open /proc/self/mountinfo: No such file or directory");
}

}  // namespace
}  // namespace guestd::commands
