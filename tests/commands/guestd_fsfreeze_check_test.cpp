// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cerrno>

#include "generated/commands.hpp"
#include "tests/commands/freeze_bench.hpp"

namespace guestd::commands {
namespace {

TEST(FsfreezeCheck, TellsTheOrderAndFreezesNothing) {
  FreezeBench bench;
  bench.hook("db");
  const auto check = guestd_fsfreeze_check(bench->context());
  ASSERT_TRUE(check);
  EXPECT_TRUE(check->ready);
  EXPECT_TRUE(check->problems.empty());
  EXPECT_EQ(check->hooks, (Strings{"/hooks/db"}));
  EXPECT_EQ(check->deadline_ms, 600'000);
  ASSERT_EQ(check->filesystems.size(), 4U);
  EXPECT_EQ(check->filesystems[0].mountpoint, "/srv");
  EXPECT_EQ(check->filesystems[0].outcome, GuestdFreezeOutcome::kPlanned);
  EXPECT_EQ(check->filesystems[3].outcome, GuestdFreezeOutcome::kSkipped);
  EXPECT_TRUE(bench.log().empty());
  EXPECT_TRUE(bench.hook_calls().empty());
  EXPECT_FALSE(bench.has_marker());
}

TEST(FsfreezeCheck, NamesWhatWouldFail) {
  FreezeBench bench;
  bench.hook("db");
  std::filesystem::permissions(bench.root() / "hooks/db", std::filesystem::perms(0777));
  bench->freezer().fail("open", "/home", EACCES);
  const auto check = *guestd_fsfreeze_check(bench->context());
  EXPECT_FALSE(check.ready);
  ASSERT_EQ(check.problems.size(), 2U);
  EXPECT_NE(check.problems[0].find("/hooks/db is not run"), std::string::npos);
  EXPECT_EQ(check.problems[1], "failed to open /home: Permission denied");
  EXPECT_EQ(check.filesystems[1].outcome, GuestdFreezeOutcome::kFailed);
}

TEST(FsfreezeCheck, NamesWhatASnapshotWouldNotBeSureToHold) {
  FreezeBench bench;
  bench.root().write("proc/self/mountinfo",
                     "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
                     "2 1 0:50 / /pool rw - zfs pool rw\n"
                     "3 1 0:51 / /net rw - nfs4 host:/x rw\n"
                     "4 1 0:52 / /tmp rw - tmpfs tmpfs rw\n");
  const auto check = *guestd_fsfreeze_check(bench->context());
  EXPECT_TRUE(check.ready);
  ASSERT_EQ(check.problems.size(), 2U);
  EXPECT_TRUE(check.problems[0].starts_with("/pool: ZFS cannot be frozen"));
  EXPECT_TRUE(check.problems[1].starts_with("/net: "));
}

}  // namespace
}  // namespace guestd::commands
