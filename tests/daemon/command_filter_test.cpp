// SPDX-License-Identifier: Apache-2.0
#include "daemon/command_filter.hpp"

#include <gtest/gtest.h>

namespace guestd::daemon {
namespace {

TEST(CommandFilter, AllowsEverythingWithoutLists) {
  EXPECT_TRUE(CommandFilter().allowed("guest-exec"));
  EXPECT_TRUE(CommandFilter({}, {}).allowed("guest-exec"));
}

TEST(CommandFilter, RefusesWhatIsBlockedAndNothingElse) {
  const CommandFilter filter({}, {"guest-shutdown", "guest-exec"});
  EXPECT_FALSE(filter.allowed("guest-exec"));
  EXPECT_FALSE(filter.allowed("guest-shutdown"));
  EXPECT_TRUE(filter.allowed("guest-ping"));
  EXPECT_TRUE(filter.allowed("guest-exec-status"));
  EXPECT_TRUE(filter.allowed("guest-exe"));
}

TEST(CommandFilter, RefusesAllThatAnAllowListDoesNotName) {
  const CommandFilter filter({"guest-sync", "guest-ping"}, {});
  EXPECT_TRUE(filter.allowed("guest-ping"));
  EXPECT_TRUE(filter.allowed("guest-sync"));
  EXPECT_FALSE(filter.allowed("guest-exec"));
  EXPECT_FALSE(filter.allowed(""));
}

TEST(CommandFilter, LetsTheBlockListBeatTheAllowList) {
  const CommandFilter filter({"guest-exec", "guest-ping"}, {"guest-exec"});
  EXPECT_FALSE(filter.allowed("guest-exec"));
  EXPECT_TRUE(filter.allowed("guest-ping"));
}

}  // namespace
}  // namespace guestd::daemon
