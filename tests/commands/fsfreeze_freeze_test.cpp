// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "generated/commands.hpp"
#include "tests/commands/freeze_bench.hpp"

namespace guestd::commands {
namespace {

TEST(FsfreezeFreeze, ReturnsHowManyItFroze) {
  FreezeBench bench;
  EXPECT_EQ(*fsfreeze_freeze(bench->context()), 3);
  EXPECT_EQ(bench->freezer().frozen(), (std::set<std::string>{"/", "/home", "/srv"}));
}

TEST(FsfreezeFreeze, TellsUnderItsNameThatItIsFrozenAlready) {
  FreezeBench bench;
  ASSERT_TRUE(fsfreeze_freeze(bench->context()));
  EXPECT_EQ(fsfreeze_freeze(bench->context()).error().text,
            "Command guest-fsfreeze-freeze has been disabled: the command is not allowed");
}

TEST(FsfreezeFreeze, LeavesOutWhatTheConfigurationExcludes) {
  FreezeBench bench;
  bench->freeze_settings().exclusions.types = {"xfs"};
  bench->freeze_settings().exclusions.mountpoints = {"/srv"};
  bench->restart();
  EXPECT_EQ(*fsfreeze_freeze(bench->context()), 1);
  EXPECT_EQ(bench->freezer().frozen(), (std::set<std::string>{"/"}));
}

}  // namespace
}  // namespace guestd::commands
