// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "generated/commands.hpp"
#include "tests/commands/freeze_bench.hpp"

namespace guestd::commands {
namespace {

TEST(FsfreezeStatus, FollowsFreezeAndThaw) {
  FreezeBench bench;
  EXPECT_EQ(*fsfreeze_status(bench->context()), GuestFsfreezeStatus::kThawed);
  ASSERT_TRUE(fsfreeze_freeze(bench->context()));
  EXPECT_EQ(*fsfreeze_status(bench->context()), GuestFsfreezeStatus::kFrozen);
  ASSERT_TRUE(fsfreeze_thaw(bench->context()));
  EXPECT_EQ(*fsfreeze_status(bench->context()), GuestFsfreezeStatus::kThawed);
}

}  // namespace
}  // namespace guestd::commands
