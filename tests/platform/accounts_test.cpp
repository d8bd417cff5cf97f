// SPDX-License-Identifier: Apache-2.0
#include "platform/accounts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

using testing::Contains;
using testing::ElementsAre;

constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/bash\n"
    "alice:x:1000:100:Alice,,,:/home/alice:/bin/bash\n"
    "alice:x:1001:101::/elsewhere:/bin/sh\n"
    "last:x:1002:102::/home/last:";

TEST(Passwd, GivesTheFirstEntryOfTheName) {
  const auto account = parse_passwd(kPasswd, "alice");
  ASSERT_TRUE(account);
  EXPECT_EQ(account->uid, 1000U);
  EXPECT_EQ(account->gid, 100U);
  EXPECT_EQ(account->home, "/home/alice");
  EXPECT_THAT(account->groups, ElementsAre(100U));
}

TEST(Passwd, NeedsNoLineBreakAtTheEnd) { EXPECT_EQ(parse_passwd(kPasswd, "last")->home, "/home/last"); }

TEST(Passwd, PassesOverLinesThatAreNoEntries) {
  for (const char* line : {"alice", "alice:x:1:1::/h", "alice:x:1:1::/h:/s:more", "alice:x:-1:1::/h:/s",
                           "alice:x:1x:1::/h:/s", "alice:x::1::/h:/s", "alice:x:4294967296:1::/h:/s", "+alice::::::"}) {
    EXPECT_FALSE(parse_passwd(line, "alice")) << line;
  }
}

TEST(Groups, AreThoseThatNameTheMember) {
  constexpr std::string_view kGroups =
      "root:x:0:\n"
      "wheel:x:10:bob,alice\n"
      "alices:x:11:alices,malice\n"
      "alone:x:12:alice\n"
      "short:x:alice\n"
      "long:x:13:alice:more\n"
      "none:x:one:alice\n"
      "last:x:14:alice,bob";
  EXPECT_THAT(parse_groups(kGroups, "alice"), ElementsAre(10U, 12U, 14U));
  EXPECT_THAT(parse_groups(kGroups, "carol"), testing::IsEmpty());
  EXPECT_THAT(parse_groups("", "alice"), testing::IsEmpty());
}

TEST(Accounts, OfAFixtureHaveTheirGroupsOnce) {
  const support::TempDir dir;
  dir.write("etc/passwd", kPasswd);
  dir.write("etc/group", "users:x:100:alice\nwheel:x:10:alice\n");
  EXPECT_THAT((*find_account(*Root::at(dir.str()), "alice"))->groups, ElementsAre(100U, 10U));
}

TEST(Accounts, OfAFixtureComeFromItsFile) {
  const support::TempDir dir;
  dir.write("etc/passwd", kPasswd);
  const auto root = Root::at(dir.str());
  EXPECT_EQ((*find_account(*root, "alice"))->uid, 1000U);
  EXPECT_FALSE(find_account(*root, "bob")->has_value());
}

TEST(Accounts, WithoutTheFileAreAnErrorAndNotNobody) {
  const support::TempDir dir;
  const auto found = find_account(*Root::at(dir.str()), "alice");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().errno_value, ENOENT);
}

TEST(Accounts, OfTheMachineComeFromItsNameService) {
  const auto account = find_account(Root::system(), "root");
  ASSERT_TRUE(account && *account);
  EXPECT_EQ((*account)->uid, 0U);
  EXPECT_THAT((*account)->groups, Contains(0U));
}

TEST(Accounts, ThatDoNotExistAreNoError) {
  for (const std::string& name : {std::string("no-such-user-here"), std::string(), std::string("root\0x", 6)}) {
    const auto account = find_account(Root::system(), name);
    ASSERT_TRUE(account) << account.error().text;
    EXPECT_FALSE(account->has_value());
  }
}

}  // namespace
}  // namespace guestd::platform
