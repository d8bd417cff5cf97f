// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(GuestdGetPolicy, TellsWhatTheCatalogSaysOfEachCommand) {
  CommandBench bench;
  bench.catalog().summary = {"backup", {{"a", "x", true, "profile=backup"}, {"b", "y", false, "block: y"}}};
  const auto policy = guestd_get_policy(bench.context());
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->profile, GuestdPolicyProfile::kBackup);
  ASSERT_EQ(policy->commands.size(), 2U);
  EXPECT_EQ(policy->commands[1].name, "b");
  EXPECT_EQ(policy->commands[1].family, "y");
  EXPECT_FALSE(policy->commands[1].allowed);
  EXPECT_EQ(policy->commands[1].rule, "block: y");
  EXPECT_TRUE(policy->rules.empty());
}

TEST(GuestdGetPolicy, NamesEveryProfile) {
  CommandBench bench;
  const auto profile = [&](std::string name) {
    bench.catalog().summary.profile = std::move(name);
    return guestd_get_policy(bench.context())->profile;
  };
  EXPECT_EQ(profile("full"), GuestdPolicyProfile::kFull);
  EXPECT_EQ(profile("monitor"), GuestdPolicyProfile::kMonitor);
  EXPECT_EQ(profile("none"), GuestdPolicyProfile::kNone);
}

TEST(GuestdGetPolicy, ListsTheRulesThatRestrict) {
  CommandBench bench;
  Settings settings;
  settings.access.keys.allowed = *PatternList::parse({"alice", "!root"});
  bench.context().settings.replace(std::move(settings));
  const auto policy = guestd_get_policy(bench.context());
  ASSERT_EQ(policy->rules.size(), 1U);
  EXPECT_EQ(policy->rules[0].name, "key-users");
  EXPECT_EQ(policy->rules[0].patterns, (std::vector<std::string>{"alice", "!root"}));
}

}  // namespace
}  // namespace guestd::commands
