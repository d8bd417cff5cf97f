// SPDX-License-Identifier: Apache-2.0
#include "daemon/policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/command_rules.hpp"
#include "daemon/dispatcher.hpp"

namespace guestd::daemon {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

using Names = std::vector<std::string>;

std::vector<std::string_view> allowed_by(const PolicyConfiguration& policy, CommandFilter filter = {}) {
  const CommandRules rules(policy, std::move(filter));
  std::vector<std::string_view> names;
  for (const auto& entry : protocol::command_table()) {
    if (!entry.has_feature(feature::kOtherPlatform) && rules.allowed(entry)) names.push_back(entry.name);
  }
  return names;
}

std::vector<std::string_view> allowed_by(Profile profile) {
  PolicyConfiguration policy;
  policy.profile = profile;
  return allowed_by(policy);
}

const protocol::CommandEntry& entry_of(std::string_view name) { return **Dispatcher({}).admit(name); }

TEST(Policy, AllowsEverythingInFull) { EXPECT_EQ(allowed_by(Profile::kFull).size(), Dispatcher({}).commands().size()); }

// The list to the letter: what is added to it, somebody has thought about.
TEST(Policy, AllowsFactsAndNothingElseInMonitor) {
  EXPECT_THAT(allowed_by(Profile::kMonitor), testing::UnorderedElementsAreArray({"guest-sync-delimited",
                                                                                 "guest-sync",
                                                                                 "guest-ping",
                                                                                 "guest-get-time",
                                                                                 "guest-info",
                                                                                 "guest-fsfreeze-status",
                                                                                 "guest-network-get-interfaces",
                                                                                 "guest-get-vcpus",
                                                                                 "guest-get-disks",
                                                                                 "guest-get-fsinfo",
                                                                                 "guest-get-memory-blocks",
                                                                                 "guest-get-memory-block-info",
                                                                                 "guest-get-host-name",
                                                                                 "guest-get-users",
                                                                                 "guest-get-timezone",
                                                                                 "guest-get-osinfo",
                                                                                 "guest-get-diskstats",
                                                                                 "guest-get-cpustats",
                                                                                 "guest-get-load",
                                                                                 "guest-network-get-route",
                                                                                 "guestd-get-schema",
                                                                                 "guestd-fsfreeze-report",
                                                                                 "guestd-fsfreeze-check",
                                                                                 "guestd-get-memory-stats",
                                                                                 "guestd-get-pressure",
                                                                                 "guestd-network-get-summary",
                                                                                 "guestd-get-policy"}));
  for (const auto name : allowed_by(Profile::kMonitor)) {
    EXPECT_FALSE(entry_of(name).has_feature(feature::kChanges)) << name;
    EXPECT_THAT((std::vector<std::string_view>{"exec", "files", "processes", "passwords", "ssh-keys", "power",
                                               "suspend", "restore", "fstrim"}),
                Not(Contains(entry_of(name).family)));
  }
}

TEST(Policy, AddsFreezingAndTrimmingInBackup) {
  std::vector<std::string_view> added = allowed_by(Profile::kBackup);
  for (const auto name : allowed_by(Profile::kMonitor)) std::erase(added, name);
  EXPECT_THAT(added, testing::ElementsAre("guest-fsfreeze-freeze", "guest-fsfreeze-freeze-list", "guest-fsfreeze-thaw",
                                          "guest-fstrim"));
}

TEST(Policy, LeavesTheConversationInNone) {
  EXPECT_THAT(allowed_by(Profile::kNone), testing::ElementsAre("guest-sync-delimited", "guest-sync", "guest-ping",
                                                               "guest-info", "guestd-get-schema", "guestd-get-policy"));
}

TEST(Policy, HasAPlaceForEveryFamily) {
  for (const auto family : family_names()) EXPECT_TRUE(profile_knows(family)) << family << ": see daemon/policy.cpp";
}

// Whoever adds a command has to decide whether it changes the guest: in the schema (feature `changes`), since there is
// a record of what does and `monitor` has nothing of it; and here, so that nobody forgets.
TEST(Policy, KnowsOfEveryCommandWhetherItChangesTheGuest) {
  const std::vector<std::string_view> changes{"guest-set-time",
                                              "guest-shutdown",
                                              "guest-file-open",
                                              "guest-file-write",
                                              "guest-fsfreeze-freeze",
                                              "guest-fsfreeze-freeze-list",
                                              "guest-fsfreeze-thaw",
                                              "guest-fstrim",
                                              "guest-suspend-disk",
                                              "guest-suspend-ram",
                                              "guest-suspend-hybrid",
                                              "guest-set-vcpus",
                                              "guest-set-user-password",
                                              "guest-set-memory-blocks",
                                              "guest-exec",
                                              "guest-ssh-add-authorized-keys",
                                              "guest-ssh-remove-authorized-keys",
                                              "guestd-after-restore",
                                              "guestd-exec",
                                              "guestd-exec-write",
                                              "guestd-exec-signal",
                                              "guestd-exec-resize",
                                              "guestd-file-make-directory",
                                              "guestd-file-make-link",
                                              "guestd-file-set-attributes"};
  // With profile=monitor's list above, and what `full` alone may read.
  std::vector<std::string_view> looks = allowed_by(Profile::kMonitor);
  looks.insert(looks.end(), {"guest-file-close", "guest-file-read", "guest-file-seek", "guest-file-flush",
                             "guest-exec-status", "guest-ssh-get-authorized-keys", "guestd-exec-read",
                             "guestd-exec-list", "guestd-file-stat", "guestd-file-list", "guestd-file-checksum"});
  for (const auto& entry : protocol::command_table()) {
    if (entry.has_feature(feature::kOtherPlatform)) continue;
    const bool does_change = std::ranges::find(changes, entry.name) != changes.end();
    const bool looks_only = std::ranges::find(looks, entry.name) != looks.end();
    EXPECT_NE(does_change, looks_only) << entry.name << ": put it into one of the two lists";
    EXPECT_EQ(entry.has_feature(feature::kChanges), does_change) << entry.name;
  }
}

// What a record is about has to be told in it.
TEST(Policy, NamesAnObjectOfWhateverIsNamedByItsPath) {
  for (const auto name : {"guest-exec", "guestd-exec", "guest-file-open", "guestd-file-make-directory",
                          "guestd-file-make-link", "guestd-file-set-attributes"}) {
    const auto& objects = entry_of(name).objects;
    EXPECT_NE(std::ranges::find(objects, "path"), objects.end()) << name;
  }
  for (const auto name : {"guestd-exec-write", "guestd-exec-signal", "guestd-exec-resize"}) {
    const auto& objects = entry_of(name).objects;
    EXPECT_NE(std::ranges::find(objects, "pid"), objects.end()) << name;
  }
}

TEST(Policy, LetsNobodyButFullRunProgramsOrTouchFiles) {
  for (const auto profile : {Profile::kNone, Profile::kMonitor, Profile::kBackup}) {
    for (const auto name : allowed_by(profile)) {
      EXPECT_FALSE(name.starts_with("guest-exec") || name.starts_with("guestd-exec") ||
                   name.starts_with("guest-file") || name.starts_with("guestd-file"))
          << name;
    }
  }
}

TEST(Policy, HasNamesThatTellWhatChangesTheGuest) {
  for (const auto& entry : protocol::command_table()) {
    const bool is_fact = entry.name.find("-get-") != std::string_view::npos || entry.name.ends_with("-status") ||
                         entry.name.ends_with("-check") || entry.name.ends_with("-report");
    const bool is_set = entry.name.find("-set-") != std::string_view::npos || entry.family == "suspend" ||
                        entry.family == "power" || entry.family == "restore" || entry.family == "fstrim";
    const bool changes = entry.has_feature(feature::kChanges);
    EXPECT_FALSE(is_fact && changes) << entry.name;
    EXPECT_FALSE(is_set && !changes) << entry.name;
  }
}

TEST(Policy, LetsACommandBeatItsFamilyAndABlockBeatAnAllow) {
  PolicyConfiguration policy;
  policy.profile = Profile::kMonitor;
  policy.allow = {"files", "guest-shutdown", "guest-suspend-ram"};
  policy.block = {"guest-file-write", "suspend", "guest-get-users"};
  const auto allowed = allowed_by(policy);
  EXPECT_THAT(allowed, Contains("guest-file-open"));
  EXPECT_THAT(allowed, Not(Contains("guest-file-write")));
  EXPECT_THAT(allowed, Contains("guest-shutdown"));
  EXPECT_THAT(allowed, Contains("guest-suspend-ram"));
  EXPECT_THAT(allowed, Not(Contains("guest-suspend-disk")));
  EXPECT_THAT(allowed, Not(Contains("guest-get-users")));
  policy.allow = policy.block = {"files"};
  EXPECT_THAT(allowed_by(policy), Not(Contains("guest-file-open")));
}

TEST(Policy, LetsTheListsOfQemuGaOnlyTakeAway) {
  PolicyConfiguration policy;
  policy.profile = Profile::kNone;
  EXPECT_THAT(allowed_by(policy, CommandFilter({"guest-file-open", "guest-ping"}, {})),
              testing::ElementsAre("guest-ping"));
  EXPECT_THAT(allowed_by(policy, CommandFilter({}, {"guest-ping"})), Not(Contains("guest-ping")));
}

TEST(Policy, SaysWhichRuleDecides) {
  PolicyConfiguration policy;
  policy.profile = Profile::kBackup;
  policy.allow = {"files"};
  policy.block = {"guest-fstrim"};
  const CommandRules rules(policy, CommandFilter({}, {"guest-file-read"}));
  const auto rule = [&](std::string_view name) { return rules.rule(rules.decide(entry_of(name))); };
  EXPECT_EQ(rule("guest-ping"), "profile=backup");
  EXPECT_EQ(rule("guest-file-open"), "allow: files");
  EXPECT_EQ(rule("guest-fstrim"), "block: guest-fstrim");
  EXPECT_EQ(rule("guest-file-read"), "block-rpcs");
  const std::string table = policy_table(policy, rules);
  EXPECT_THAT(table, testing::ContainsRegex("guest-fstrim +fstrim +no +block: guest-fstrim\n"));
  EXPECT_THAT(table, testing::ContainsRegex("guest-file-open +files +yes +allow: files\n"));
  EXPECT_THAT(table, testing::ContainsRegex("read-files +any\n"));
}

TEST(Policy, ThawsWhateverTheProfileWhileFrozen) {
  PolicyConfiguration policy;
  policy.profile = Profile::kNone;
  const Dispatcher dispatcher(CommandRules(policy, {}), [] { return true; });
  EXPECT_TRUE(dispatcher.admit("guest-fsfreeze-thaw"));
  EXPECT_TRUE(dispatcher.admit("guest-fsfreeze-status"));
  EXPECT_FALSE(dispatcher.admit("guestd-get-memory-stats"));
  EXPECT_FALSE(dispatcher.admit("guest-file-open"));
}

TEST(Policy, TakesEffectAnewWhenItIsReplaced) {
  Dispatcher dispatcher({});
  EXPECT_TRUE(dispatcher.admit("guest-file-open"));
  PolicyConfiguration policy;
  policy.profile = Profile::kMonitor;
  dispatcher.replace(CommandRules(policy, {}));
  EXPECT_EQ(dispatcher.admit("guest-file-open").error().text,
            "Command guest-file-open has been disabled: the command is not allowed");
  EXPECT_EQ(dispatcher.policy().profile, "monitor");
}

class PolicyRule : public testing::Test {
 protected:
  std::string add(const Names& items) {
    const auto added = add_to_rule(rule_, items);
    return added ? "" : added.error().text;
  }
  commands::AccessRule rule_{"read-files"};
};

TEST_F(PolicyRule, GrowsWithEveryFile) {
  EXPECT_EQ(add({"/srv/**"}), "");
  EXPECT_EQ(add({"!/srv/key", "/tmp/*"}), "");
  EXPECT_EQ(rule_.allowed.items(), (Names{"/srv/**", "!/srv/key", "/tmp/*"}));
}

TEST_F(PolicyRule, CanBeAddedToFromNothing) {
  EXPECT_EQ(add({"none"}), "");
  EXPECT_EQ(add({"!/etc/**"}), "");
  EXPECT_FALSE(rule_.allowed.matches("/srv/a"));
  EXPECT_EQ(add({"/srv/**"}), "");
  EXPECT_TRUE(rule_.allowed.matches("/srv/a"));
}

TEST_F(PolicyRule, RefusesWhatNoPathMatches) {
  EXPECT_EQ(add({}), "is empty: name a pattern, 'any' or 'none'");
  EXPECT_EQ(add({"srv/*"}), "has the item 'srv/*', which no path can match: paths begin with a slash");
  EXPECT_EQ(add({"!etc/shadow"}), "has the item '!etc/shadow', which no path can match: paths begin with a slash");
  EXPECT_EQ(add({"*.key"}), "has the item '*.key', which no path can match: paths begin with a slash");
  EXPECT_EQ(add({"/srv/"}), "has the item '/srv/', which no path can match: they do not end in one");
  EXPECT_EQ(add({"/srv/../etc/x"}),
            "has the item '/srv/../etc/x', which no path can match: '/../' is never part of one");
  EXPECT_EQ(add({"**.key"}), "");
  EXPECT_EQ(add({"/"}), "");
}

TEST_F(PolicyRule, TakesOtherNamesAsTheyAre) {
  rule_ = {"key-users"};
  EXPECT_EQ(add({"alice", "svc-*"}), "");
  EXPECT_TRUE(rule_.allowed.matches("svc-a"));
  EXPECT_FALSE(rule_.allowed.matches("root"));
}

TEST(Profiles, AreReadByName) {
  EXPECT_EQ(*profile_named("monitor"), Profile::kMonitor);
  EXPECT_EQ(profile_named("moniter").error().text,
            "has the value 'moniter', which is no profile; did you mean 'monitor'?");
  EXPECT_EQ(name_of(Profile::kNone), "none");
}

}  // namespace
}  // namespace guestd::daemon
