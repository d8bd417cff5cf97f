// SPDX-License-Identifier: Apache-2.0
#include "commands/freeze_records.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace guestd::commands {
namespace {

TEST(FreezeRecords, BusyAndUnsupportedAreNoFailureButMayLoseWrites) {
  for (const int code : {EBUSY, EOPNOTSUPP}) {
    GuestdFreezeFilesystem record;
    EXPECT_TRUE(note_failure(record, Error::from_errno("x", code)));
    EXPECT_EQ(record.outcome, GuestdFreezeOutcome::kSkipped);
    EXPECT_EQ(record.error_number, code);
    EXPECT_EQ(record.may_lose_writes, true);
    EXPECT_TRUE(record.reason);
  }
}

TEST(FreezeRecords, EverythingElseIsAFailureWithItsText) {
  GuestdFreezeFilesystem record;
  EXPECT_FALSE(note_failure(record, Error::from_errno("failed to freeze /x", EIO)));
  EXPECT_EQ(record.outcome, GuestdFreezeOutcome::kFailed);
  EXPECT_EQ(record.reason, "failed to freeze /x: Input/output error");
}

TEST(FreezeRecords, WhatSomebodyElseHasThawedIsNotSafe) {
  GuestdFreezeFilesystem record;
  note_thaw(record, Error::from_errno("failed to thaw /x", EINVAL));
  EXPECT_EQ(record.outcome, GuestdFreezeOutcome::kThawed);
  EXPECT_EQ(record.reason, "somebody else had thawed it already");
  EXPECT_EQ(record.may_lose_writes, true);
}

TEST(FreezeRecords, ComeInTheOrderOfThePlanWithWhatIsLeftOutBehind) {
  platform::FreezePlan plan;
  platform::Mount mount;
  mount.mountpoint = "/b";
  mount.device = {7, 1};
  plan.order.push_back({mount, {"/a"}});
  mount.mountpoint = "/c";
  plan.left_out.push_back({mount, "because", true});
  const auto records = records_of(plan);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].outcome, GuestdFreezeOutcome::kPlanned);
  EXPECT_EQ(records[0].device, "7:1");
  EXPECT_EQ(records[0].after, (std::vector<std::string>{"/a"}));
  EXPECT_EQ(records[1].outcome, GuestdFreezeOutcome::kSkipped);
  EXPECT_EQ(records[1].reason, "because");
  EXPECT_EQ(records[1].may_lose_writes, true);
  EXPECT_EQ(unknown_mountpoints(plan), std::nullopt);
}

}  // namespace
}  // namespace guestd::commands
