// SPDX-License-Identifier: Apache-2.0
#include "commands/exec_arguments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/fixture_root.hpp"

namespace guestd::commands {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

class ExecArguments : public testing::Test {
 protected:
  void SetUp() override {
    machine_.dir().write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1001::/home/alice:/bin/sh\n");
    machine_.dir().write("etc/group", "root:x:0:\nstaff:x:50:alice\nodd\n");
  }
  std::string error_for(std::optional<std::string> user, std::optional<std::string> group) {
    const auto found = find_exec_user(machine_.root(), user, group);
    return found ? "(found)" : found.error().text;
  }

  support::FixtureRoot machine_;
};

TEST_F(ExecArguments, VariablesHaveANameAndASign) {
  EXPECT_TRUE(check_variables({"A=1", "B=", "C=a=b"}));
  EXPECT_EQ(check_variables({"A=1", "B"}).error().text, "env[1] is 'B', which is not of the form NAME=value");
  EXPECT_EQ(check_variables({"=1"}).error().text, "env[0] is '=1', which is not of the form NAME=value");
}

TEST_F(ExecArguments, ProgramsAreLookedForInThePathThatTheyGet) {
  EXPECT_EQ(search_path({"XPATH=/no", "PATH=/a:/b"}), "/a:/b");
  EXPECT_EQ(search_path({}), std::getenv("PATH"));
}

TEST_F(ExecArguments, AUserIsFoundByNameOrNumberWithAllItsOwn) {
  for (const char* name : {"alice", "1000"}) {
    const auto found = find_exec_user(machine_.root(), name, std::nullopt);
    ASSERT_TRUE(found) << found.error().text;
    EXPECT_EQ(found->credentials.uid, 1000U);
    EXPECT_EQ(found->credentials.gid, 1001U);
    EXPECT_THAT(found->credentials.groups, ElementsAre(1001U, 50U));
    EXPECT_THAT(found->variables, UnorderedElementsAre("HOME=/home/alice", "USER=alice", "LOGNAME=alice"));
  }
}

TEST_F(ExecArguments, AGroupTakesThePlaceOfTheUsersOwn) {
  for (const char* name : {"staff", "50"}) {
    const auto found = find_exec_user(machine_.root(), "alice", name);
    ASSERT_TRUE(found) << found.error().text;
    EXPECT_EQ(found->credentials.gid, 50U);
    EXPECT_THAT(found->credentials.groups, ElementsAre(50U));
  }
}

TEST_F(ExecArguments, ANumberThatNobodyHasNeedsItsGroup) {
  const auto found = find_exec_user(machine_.root(), "4242", "50");
  ASSERT_TRUE(found) << found.error().text;
  EXPECT_EQ(found->credentials.uid, 4242U);
  EXPECT_TRUE(found->variables.empty());
  EXPECT_EQ(error_for("4242", std::nullopt), "user 4242 is not known here, so its group has to be said");
}

TEST_F(ExecArguments, WhoIsNotThereIsNamed) {
  EXPECT_EQ(error_for("bob", std::nullopt), "user 'bob' does not exist");
  EXPECT_EQ(error_for("alice", "wheel"), "group 'wheel' does not exist");
  EXPECT_EQ(error_for("", std::nullopt), "user '' does not exist");
  EXPECT_EQ(error_for("4294967295", "50"), "user '4294967295' does not exist") << "it would mean: no change";
  EXPECT_EQ(error_for("-1", "50"), "user '-1' does not exist");
}

}  // namespace
}  // namespace guestd::commands
