// SPDX-License-Identifier: Apache-2.0
#include "platform/account_names.hpp"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

TEST(AccountNames, AreReadFromTheFilesOfAMachine) {
  const support::TempDir dir;
  dir.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:100::/home/alice:/bin/sh\n");
  dir.write("etc/group", "root:x:0:\nusers:x:100:alice,bob\n");
  const auto root = Root::at(dir.str());
  AccountNames names(*root);
  EXPECT_EQ(names.user(1000), "alice");
  EXPECT_EQ(names.user(1000), "alice");
  EXPECT_EQ(names.user(4711), std::nullopt);
  EXPECT_EQ(names.group(100), "users");
  EXPECT_EQ(names.group(1000), std::nullopt);
  EXPECT_EQ(*names.find_user("alice"), 1000U);
  EXPECT_EQ(*names.find_group("users"), 100U);
  EXPECT_EQ(*names.find_user("users"), std::nullopt);
  EXPECT_EQ(*names.find_group(std::string("users\0", 6)), std::nullopt);
  EXPECT_EQ(*names.find_group(""), std::nullopt);
}

TEST(AccountNames, OfThisMachineComeFromItsNameService) {
  const Root root = Root::system();
  AccountNames names(root);
  EXPECT_EQ(names.user(0), "root");
  EXPECT_EQ(names.group(0), "root");
  EXPECT_EQ(*names.find_user("root"), 0U);
  EXPECT_EQ(*names.find_group("root"), 0U);
  EXPECT_EQ(*names.find_group("no such group"), std::nullopt);
}

TEST(AccountNames, ThatAMachineCannotTellAreNone) {
  const support::TempDir dir;
  const auto root = Root::at(dir.str());
  AccountNames names(*root);
  EXPECT_EQ(names.user(0), std::nullopt);
  EXPECT_EQ(names.find_group("root").error().text, "cannot open /etc/group: No such file or directory");
}

TEST(AccountNames, PassOverLinesThatAreNone) {
  constexpr const char* kText = "\n:x:5\nonly\na:b\nc:x:12345678901:\nd:x:7x:\n+::::::\ne:x:7";
  EXPECT_EQ(name_of_id(kText, 5), std::nullopt);
  EXPECT_EQ(name_of_id(kText, 7), "e");
  EXPECT_EQ(id_of_name(kText, "c"), std::nullopt);
  EXPECT_EQ(id_of_name(kText, "d"), std::nullopt);
  EXPECT_EQ(id_of_name(kText, "e"), 7U);
}

}  // namespace
}  // namespace guestd::platform
