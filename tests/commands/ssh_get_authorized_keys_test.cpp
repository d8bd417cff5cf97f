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
using testing::ElementsAre;
using testing::IsEmpty;

TEST(SshGetAuthorizedKeys, ListsThemInTheOrderOfTheFile) {
  SshKeyBench bench;
  bench.machine().write(SshKeyBench::kFile, "# b\n" + kRsaKey + "\n\n" + kEcdsaKey + "\n" + kEd25519Key);
  EXPECT_THAT(bench.get(), ElementsAre(kRsaKey, kEcdsaKey, kEd25519Key));
}

TEST(SshGetAuthorizedKeys, SaysThatThereIsNoSuchUser) {
  SshKeyBench bench;
  EXPECT_THAT(bench.get("eve"), ElementsAre("error: failed to lookup user 'eve': no such user"));
}

TEST(SshGetAuthorizedKeys, SaysWhatCannotBeRead) {
  SshKeyBench bench;
  std::filesystem::remove(bench.machine().path() / SshKeyBench::kFile);
  EXPECT_THAT(bench.get(),
              ElementsAre("error: failed to read '/home/alice/.ssh/authorized_keys': No such file or directory"));
}

TEST(SshGetAuthorizedKeys, LooksWhereSshdIsToldTo) {
  SshKeyBench bench;
  bench.machine().write("etc/ssh/sshd_config", "AuthorizedKeysFile .keys\n");
  bench.machine().write("home/alice/.keys", kRsaKey);
  EXPECT_THAT(bench.get(), ElementsAre(kRsaKey));
  bench.machine().write("etc/ssh/sshd_config", "AuthorizedKeysFile none\n");
  EXPECT_THAT(bench.get(), IsEmpty());
}

}  // namespace
}  // namespace guestd::commands
