// SPDX-License-Identifier: Apache-2.0
#include "commands/access_rules.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

PatternList list(const std::vector<std::string>& items) { return *PatternList::parse(items); }

TEST(AccessRules, AllowEverythingByDefault) {
  const AccessRules rules;
  EXPECT_TRUE(rules.check_file(true, true, "/etc/shadow"));
  EXPECT_FALSE(rules.restricts_files(true, true));
  EXPECT_TRUE(rules.check_program("/bin/sh"));
  EXPECT_TRUE(rules.check_exec_user("root"));
  EXPECT_TRUE(rules.check_password_of("root"));
  EXPECT_TRUE(rules.check_keys_of("root"));
  EXPECT_TRUE(rules.shows_interface("eth0"));
  EXPECT_TRUE(rules.shows_filesystem("/"));
}

TEST(AccessRules, NameTheRuleAndTheReasonOfARefusal) {
  AccessRules rules;
  rules.read_files.allowed = list({"/srv/**", "!/srv/key"});
  rules.programs.allowed = list({"none"});
  const auto error = rules.check_file(true, false, "/srv/key").error();
  EXPECT_EQ(error.kind, Error::Kind::kRefused);
  EXPECT_EQ(error.text, "the policy forbids reading '/srv/key': '!/srv/key' takes it away (read-files)");
  EXPECT_EQ(rules.check_program("/bin/sh").error().text,
            "the policy forbids running '/bin/sh': nothing in the list matches it (exec-programs)");
}

TEST(AccessRules, AskForEachIntentionByItself) {
  AccessRules rules;
  rules.write_files.allowed = list({"/tmp/*"});
  EXPECT_TRUE(rules.check_file(true, false, "/etc/motd"));
  EXPECT_FALSE(rules.check_file(true, true, "/etc/motd"));
  EXPECT_FALSE(rules.check_file(false, true, "/etc/motd"));
  EXPECT_TRUE(rules.check_file(true, true, "/tmp/motd"));
  EXPECT_FALSE(rules.restricts_files(true, false));
  EXPECT_TRUE(rules.restricts_files(true, true));
}

class AccessRulesInCommands : public testing::Test {
 protected:
  void allow(AccessRule AccessRules::*rule, const std::vector<std::string>& items) {
    Settings settings = *bench_.context().settings.now();
    (settings.access.*rule).allowed = list(items);
    bench_.context().settings.replace(std::move(settings));
  }
  template <typename T>
  static std::string refusal(const Result<T>& result) {
    if (result) return "(allowed)";
    EXPECT_EQ(result.error().kind, Error::Kind::kRefused);
    return result.error().text;
  }

  CommandBench bench_{"debian12"};
};

TEST_F(AccessRulesInCommands, KeepFilesFromBeingOpenedCreatedOrEmptied) {
  allow(&AccessRules::read_files, {"/etc/**"});
  allow(&AccessRules::write_files, {"/tmp/**"});
  bench_.machine().write("tmp/note", "old");
  bench_.machine().write("etc/motd", "hello");
  std::filesystem::create_symlink("/etc/motd", bench_.machine() / "tmp/link");
  FileOpenArgs args;
  args.path = "/etc/motd";
  EXPECT_TRUE(file_open(bench_.context(), args));
  args.path = "/tmp/note";
  EXPECT_EQ(refusal(file_open(bench_.context(), args)),
            "failed to open file '/tmp/note' (mode: 'r'): the policy forbids reading '/tmp/note': nothing in the list "
            "matches it (read-files)");
  args.path = "/tmp/link";
  args.mode = "w";
  EXPECT_EQ(refusal(file_open(bench_.context(), args)),
            "failed to open file '/tmp/link' (mode: 'w'): the policy forbids writing '/etc/motd': nothing in the list "
            "matches it (write-files)");
  EXPECT_EQ(bench_.machine().read("etc/motd"), "hello");
  args.path = "/etc/new";
  EXPECT_NE(refusal(file_open(bench_.context(), args)), "(allowed)");
  EXPECT_FALSE(std::filesystem::exists(bench_.machine() / "etc/new"));
  args.path = "/tmp/new";
  EXPECT_TRUE(file_open(bench_.context(), args));
  args.mode = "r+";
  args.path = "/tmp/note";
  EXPECT_NE(refusal(file_open(bench_.context(), args)), "(allowed)");
  EXPECT_EQ(bench_.files().size(), 2U);
}

TEST_F(AccessRulesInCommands, KeepPasswordsAndKeysOfOthersAsTheyAre) {
  allow(&AccessRules::passwords, {"alice"});
  allow(&AccessRules::keys, {"!root"});
  SetUserPasswordArgs password;
  password.username = "root";
  EXPECT_EQ(refusal(set_user_password(bench_.context(), password)),
            "the policy forbids setting the password of 'root': nothing in the list matches it (password-users)");
  EXPECT_TRUE(bench_.programs().calls().empty());
  SshAddAuthorizedKeysArgs add;
  add.username = "root";
  EXPECT_EQ(refusal(ssh_add_authorized_keys(bench_.context(), add)),
            "the policy forbids changing the keys of 'root': '!root' takes it away (key-users)");
  SshRemoveAuthorizedKeysArgs remove;
  remove.username = "root";
  EXPECT_NE(refusal(ssh_remove_authorized_keys(bench_.context(), remove)), "(allowed)");
}

TEST_F(AccessRulesInCommands, LeaveOutInterfacesEverywhere) {
  const auto all = network_get_interfaces(bench_.context());
  ASSERT_TRUE(all);
  ASSERT_GT(all->size(), 1U);
  allow(&AccessRules::interfaces, {"lo"});
  const auto shown = network_get_interfaces(bench_.context());
  ASSERT_EQ(shown->size(), 1U);
  EXPECT_EQ(shown->front().name, "lo");
  const auto summary = guestd_network_get_summary(bench_.context(), {});
  ASSERT_TRUE(summary);
  ASSERT_EQ(summary->interfaces.size(), 1U);
  EXPECT_FALSE(summary->ipv4);
  const auto routes = network_get_route(bench_.context());
  ASSERT_TRUE(routes);
  for (const auto& route : *routes) EXPECT_EQ(route.iface, "lo");
}

TEST_F(AccessRulesInCommands, LeaveOutFileSystems) {
  allow(&AccessRules::mountpoints, {"none"});
  const auto shown = get_fsinfo(bench_.context());
  ASSERT_TRUE(shown);
  EXPECT_TRUE(shown->empty());
}

}  // namespace
}  // namespace guestd::commands
