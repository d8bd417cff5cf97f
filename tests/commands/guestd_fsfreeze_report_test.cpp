// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cerrno>

#include "generated/commands.hpp"
#include "tests/commands/freeze_bench.hpp"

namespace guestd::commands {
namespace {

TEST(FsfreezeReport, IsEmptyBeforeTheFirstFreeze) {
  FreezeBench bench;
  const auto report = guestd_fsfreeze_report(bench->context());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, GuestFsfreezeStatus::kThawed);
  EXPECT_FALSE(report->busy);
  EXPECT_TRUE(report->filesystems.empty());
  EXPECT_FALSE(report->started_ns);
  EXPECT_FALSE(report->end);
}

TEST(FsfreezeReport, TellsWhatIsFrozenAndWhatNotAndWhy) {
  FreezeBench bench;
  bench.hook("db");
  bench->freezer().fail("freeze", "/home", EBUSY);
  ASSERT_TRUE(fsfreeze_freeze(bench->context()));
  bench->clock().advance(std::chrono::seconds(5));
  const auto report = *guestd_fsfreeze_report(bench->context());
  EXPECT_EQ(report.status, GuestFsfreezeStatus::kFrozen);
  EXPECT_EQ(report.frozen, 2);
  EXPECT_EQ(report.frozen_ms, 5000);
  EXPECT_EQ(report.deadline_left_ms, 595'000);
  ASSERT_EQ(report.filesystems.size(), 4U);
  EXPECT_EQ(report.filesystems[0].mountpoint, "/srv");
  EXPECT_EQ(report.filesystems[0].device, "8:3");
  EXPECT_EQ(report.filesystems[0].source, "/dev/sda3");
  EXPECT_EQ(report.filesystems[0].outcome, GuestdFreezeOutcome::kFrozen);
  EXPECT_TRUE(report.filesystems[0].took_us);
  EXPECT_EQ(report.filesystems[1].outcome, GuestdFreezeOutcome::kSkipped);
  EXPECT_EQ(report.filesystems[1].reason, "somebody else has frozen it");
  EXPECT_EQ(report.filesystems[1].error_number, EBUSY);
  EXPECT_EQ(report.filesystems[1].may_lose_writes, true);
  EXPECT_EQ(report.filesystems[3].mountpoint, "/tmp");
  EXPECT_EQ(report.filesystems[3].reason, "it is in memory only");
  ASSERT_EQ(report.hooks.size(), 1U);
  EXPECT_EQ(report.hooks[0].argument, "freeze");
  EXPECT_TRUE(report.hooks[0].success);
}

TEST(FsfreezeReport, KeepsAFailedFreeze) {
  FreezeBench bench;
  bench->freezer().fail("freeze", "/home", EROFS);
  ASSERT_FALSE(fsfreeze_freeze(bench->context()));
  const auto report = *guestd_fsfreeze_report(bench->context());
  EXPECT_EQ(report.error, "failed to freeze /home: Read-only file system");
  EXPECT_EQ(report.filesystems[0].outcome, GuestdFreezeOutcome::kThawed);
  EXPECT_EQ(report.filesystems[1].outcome, GuestdFreezeOutcome::kFailed);
  EXPECT_EQ(report.filesystems[1].error_number, EROFS);
  EXPECT_EQ(report.filesystems[2].outcome, GuestdFreezeOutcome::kPlanned);
}

}  // namespace
}  // namespace guestd::commands
