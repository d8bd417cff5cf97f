// SPDX-License-Identifier: Apache-2.0
#include "commands/user_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <string>

#include "protocol/base64.hpp"
#include "tests/commands/command_bench.hpp"
#include "tests/support/keys.hpp"

namespace guestd::commands {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A machine on which root has a second name, under a list that takes root away.
class UserNames : public testing::Test {
 protected:
  UserNames() {
    bench_.machine().write("etc/passwd",
                           "root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0:other:/root:/bin/sh\n"
                           "alice:x:1000:1000::/home/alice:/bin/sh\n");
    Settings settings = *bench_.context().settings.now();
    settings.access.keys.allowed = settings.access.passwords.allowed = *PatternList::parse({"!root"});
    bench_.context().settings.replace(std::move(settings));
  }
  [[nodiscard]] const platform::Root& root() { return bench_.context().host.root; }

  CommandBench bench_{"debian12"};
};

TEST_F(UserNames, AreAllOnesThatLeadToTheSameNumber) {
  EXPECT_THAT(*names_of_user(root(), "toor"), ElementsAre("toor", "root"));
  EXPECT_THAT(*names_of_user(root(), "alice"), ElementsAre("alice"));
  EXPECT_THAT(*names_of_user(root(), "nobody-at-all"), ElementsAre("nobody-at-all"));
  EXPECT_THAT(*names_of_user(root(), uid_t{0}), ElementsAre("root"));
  EXPECT_THAT(*names_of_user(root(), uid_t{4242}), ElementsAre("4242"));
}

TEST_F(UserNames, AreAllAskedAboutBeforeKeysAreChanged) {
  SshAddAuthorizedKeysArgs add;
  SshRemoveAuthorizedKeysArgs remove;
  add.keys = remove.keys = {support::kRsaKey};
  for (const char* name : {"root", "toor"}) {
    add.username = remove.username = name;
    for (const std::string& text : {ssh_add_authorized_keys(bench_.context(), add).error().text,
                                    ssh_remove_authorized_keys(bench_.context(), remove).error().text}) {
      EXPECT_EQ(text, "the policy forbids changing the keys of 'root': '!root' takes it away (key-users)");
    }
  }
}

TEST_F(UserNames, AreAllAskedAboutBeforeAPasswordIsSet) {
  for (const char* name : {"root", "toor"}) {
    std::string message = "c2VzYW1l";
    SetUserPasswordArgs args;
    args.username = name;
    args.password = protocol::Base64Text(std::span(message));
    const auto done = set_user_password(bench_.context(), args);
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().text, HasSubstr("the policy forbids setting the password of 'root'"));
    EXPECT_EQ(message, std::string(8, '\0'));
  }
  EXPECT_TRUE(bench_.programs().calls().empty());
}

}  // namespace
}  // namespace guestd::commands
