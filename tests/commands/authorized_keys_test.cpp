// SPDX-License-Identifier: Apache-2.0
#include "commands/authorized_keys.hpp"

#include <gtest/gtest.h>

#include "tests/commands/ssh_key_bench.hpp"

namespace guestd::commands {
namespace {

TEST(KeyFileOf, IsThatOfTheUser) {
  SshKeyBench bench;
  const auto file = key_file_of(bench.context(), "alice");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->path(), "/home/alice/.ssh/authorized_keys");
}

TEST(KeyFileOf, NamesTheUserWhoCannotBeFoundAndNotAllOfALongName) {
  SshKeyBench bench;
  const auto file = key_file_of(bench.context(), std::string(5000, 'x'));
  ASSERT_FALSE(file);
  EXPECT_LT(file.error().text.size(), 1100U);
  EXPECT_TRUE(file.error().text.ends_with("...': no such user"));
}

TEST(CheckKeys, NamesTheFirstThatIsNone) {
  EXPECT_TRUE(check_keys({support::kRsaKey, support::kEcdsaKey}));
  EXPECT_TRUE(check_keys({}));
  EXPECT_EQ(check_keys({support::kRsaKey, "#1", "#2"}).error().text, "invalid OpenSSH public key: '#1'");
}

}  // namespace
}  // namespace guestd::commands
