// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(GetUsers, TellsEachUserOnceWithTheTimeOfTheFirstLogin) {
  CommandBench bench("debian12");
  const auto users = get_users(bench.context());
  ASSERT_TRUE(users);
  ASSERT_EQ(users->size(), 1U);
  EXPECT_EQ(users->front().user, "alice");
  EXPECT_DOUBLE_EQ(users->front().login_time, 1699999200.5);
  EXPECT_FALSE(users->front().domain);
}

TEST(GetUsers, TellsNobodyOnAMachineThatNotesNoLogins) {
  CommandBench bench("alpine");
  const auto users = get_users(bench.context());
  ASSERT_TRUE(users);
  EXPECT_TRUE(users->empty());
}

TEST(GetUsers, SaysWhyItCannotTell) {
  CommandBench bench("alpine");
  bench.machine().write("run/utmp/folder", "");
  const auto users = get_users(bench.context());
  ASSERT_FALSE(users);
  EXPECT_EQ(users.error().text, "cannot read /run/utmp: Is a directory");
}

}  // namespace
}  // namespace guestd::commands
