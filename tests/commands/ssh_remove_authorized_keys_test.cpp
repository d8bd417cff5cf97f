// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/commands/ssh_key_bench.hpp"

namespace guestd::commands {
namespace {

using support::kEcdsaKey;
using support::kEd25519Key;
using support::kRsaKey;

TEST(SshRemoveAuthorizedKeys, DropsThemAndNothingElse) {
  SshKeyBench bench;
  bench.machine().write(SshKeyBench::kFile, "# mine\n" + kRsaKey + "\n" + kEcdsaKey + "\n\n" + kRsaKey);
  EXPECT_EQ(bench.remove({kRsaKey, kEd25519Key}), "");
  EXPECT_EQ(bench.text(), "# mine\n" + kEcdsaKey + "\n\n");
}

TEST(SshRemoveAuthorizedKeys, TakesAMissingFileForSuccess) {
  SshKeyBench bench;
  std::filesystem::remove_all(bench.machine().path() / "home/alice/.ssh");
  EXPECT_EQ(bench.remove({kRsaKey}), "");
  EXPECT_FALSE(std::filesystem::exists(bench.machine().path() / "home/alice/.ssh"));
}

TEST(SshRemoveAuthorizedKeys, ChecksTheKeysBeforeTheUser) {
  SshKeyBench bench;
  EXPECT_EQ(bench.remove({"#"}, "eve"), "invalid OpenSSH public key: '#'");
  EXPECT_EQ(bench.remove({kRsaKey}, "eve"), "failed to lookup user 'eve': no such user");
}

TEST(SshRemoveAuthorizedKeys, HasNothingToDoIfSshdReadsNone) {
  SshKeyBench bench;
  const std::string before = bench.text();
  bench.machine().write("etc/ssh/sshd_config", "AuthorizedKeysFile none\n");
  EXPECT_EQ(bench.remove({kEd25519Key}), "");
  EXPECT_EQ(bench.text(), before);
}

}  // namespace
}  // namespace guestd::commands
