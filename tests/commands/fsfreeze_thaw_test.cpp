// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cerrno>

#include "generated/commands.hpp"
#include "tests/commands/freeze_bench.hpp"

namespace guestd::commands {
namespace {

TEST(FsfreezeThaw, ReturnsHowManyItThawed) {
  FreezeBench bench;
  ASSERT_TRUE(fsfreeze_freeze(bench->context()));
  EXPECT_EQ(*fsfreeze_thaw(bench->context()), 3);
  EXPECT_EQ(*fsfreeze_thaw(bench->context()), 0);
}

TEST(FsfreezeThaw, GoesOnWithTheOthersIfOneFails) {
  FreezeBench bench;
  ASSERT_TRUE(fsfreeze_freeze(bench->context()));
  bench->freezer().fail("thaw", "/home", EIO);
  EXPECT_EQ(*fsfreeze_thaw(bench->context()), 2);
  const auto report = bench.state().report();
  EXPECT_EQ(report.filesystems[1].outcome, GuestdFreezeOutcome::kFailed);
  EXPECT_EQ(report.filesystems[1].reason, "failed to thaw /home: Input/output error");
}

}  // namespace
}  // namespace guestd::commands
