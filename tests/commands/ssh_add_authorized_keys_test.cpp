// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/commands/ssh_key_bench.hpp"

namespace guestd::commands {
namespace {

using support::kEcdsaKey;
using support::kEd25519Key;
using support::kRsaKey;

TEST(SshAddAuthorizedKeys, PutsNewOnesBehindTheOldOnes) {
  SshKeyBench bench;
  const std::string before = bench.text();
  EXPECT_EQ(bench.add({kRsaKey, kEd25519Key, kEcdsaKey, kRsaKey}), "");
  EXPECT_EQ(bench.text(), before + kRsaKey + "\n" + kEcdsaKey + "\n");
}

TEST(SshAddAuthorizedKeys, WithResetDropsAllOthers) {
  SshKeyBench bench;
  EXPECT_EQ(bench.add({kRsaKey}, true), "");
  EXPECT_EQ(bench.text(), kRsaKey + "\n");
  EXPECT_EQ(bench.add({}, true), "");
  EXPECT_EQ(bench.text(), "");
}

TEST(SshAddAuthorizedKeys, MakesTheFileAndItsFolder) {
  SshKeyBench bench;
  std::filesystem::remove_all(bench.machine().path() / "home/alice/.ssh");
  EXPECT_EQ(bench.add({kRsaKey}), "");
  EXPECT_EQ(bench.text(), kRsaKey + "\n");
}

TEST(SshAddAuthorizedKeys, RefusesAllIfOneIsNoKey) {
  SshKeyBench bench;
  const std::string before = bench.text();
  EXPECT_EQ(bench.add({kRsaKey, "# comment"}), "invalid OpenSSH public key: '# comment'");
  EXPECT_EQ(bench.add({kRsaKey + "\n" + kEcdsaKey}),
            "invalid OpenSSH public key: '" + kRsaKey + "\n" + kEcdsaKey + "'");
  EXPECT_EQ(bench.add({kRsaKey, ""}), "invalid OpenSSH public key: ''");
  EXPECT_EQ(bench.add({"hello"}),
            "invalid OpenSSH public key: 'hello': it is not '[options] type base64-of-the-key [comment]'");
  EXPECT_EQ(bench.text(), before);
}

TEST(SshAddAuthorizedKeys, ChecksTheKeysBeforeTheUser) {
  SshKeyBench bench;
  EXPECT_EQ(bench.add({"#"}, {}, "eve"), "invalid OpenSSH public key: '#'");
  EXPECT_EQ(bench.add({kRsaKey}, {}, "eve"), "failed to lookup user 'eve': no such user");
}

TEST(SshAddAuthorizedKeys, SaysThatSshdWouldNotReadThem) {
  SshKeyBench bench;
  bench.machine().write("etc/ssh/sshd_config", "AuthorizedKeysFile none\n");
  EXPECT_EQ(bench.add({kRsaKey}), "sshd reads no keys of users: AuthorizedKeysFile is 'none' in its configuration");
}

TEST(SshAddAuthorizedKeys, DoesNotFollowALinkOutOfTheHome) {
  SshKeyBench bench;
  std::filesystem::remove_all(bench.machine().path() / "home/alice/.ssh");
  std::filesystem::create_directory_symlink("/etc", bench.machine().path() / "home/alice/.ssh");
  EXPECT_EQ(bench.add({kRsaKey}),
            "failed to write to '/home/alice/.ssh/authorized_keys': '/home/alice/.ssh' is a symbolic link");
  EXPECT_FALSE(std::filesystem::exists(bench.machine().path() / "etc/authorized_keys"));
}

}  // namespace
}  // namespace guestd::commands
