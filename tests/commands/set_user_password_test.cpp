// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SetUserPassword : public testing::Test {
 protected:
  Result<SetUserPasswordResult> set_base64(const std::string& user, std::string base64, bool crypted = false) {
    message_ = std::move(base64);
    SetUserPasswordArgs args;
    args.username = user;
    args.password = protocol::Base64Text(std::span(message_));
    args.crypted = crypted;
    return set_user_password(bench_.context(), args);
  }
  Result<SetUserPasswordResult> set(const std::string& user, std::string_view password, bool crypted = false) {
    std::string base64;
    protocol::base64::encode(std::as_bytes(std::span(password)), base64);
    return set_base64(user, std::move(base64), crypted);
  }
  [[nodiscard]] bool message_is_wiped() const {
    return std::all_of(message_.begin(), message_.end(), [](char byte) { return byte == '\0'; });
  }

  CommandBench bench_{"debian12"};
  std::string message_;
};

TEST_F(SetUserPassword, GivesItToChpasswd) {
  ASSERT_TRUE(set("alice", "sesame"));
  EXPECT_THAT(bench_.programs().lines(), ElementsAre("/usr/sbin/chpasswd"));
  EXPECT_EQ(bench_.programs().calls()[0].input, "alice:sesame\n");
}

TEST_F(SetUserPassword, MarksAHash) {
  ASSERT_TRUE(set("alice", "$6$x$y", true));
  EXPECT_THAT(bench_.programs().lines(), ElementsAre("/usr/sbin/chpasswd -e"));
}

TEST_F(SetUserPassword, TakesBase64WithLineBreaksAsProxmoxSendsIt) {
  ASSERT_TRUE(set_base64("alice", "c2Vz\nYW1l\n"));
  EXPECT_EQ(bench_.programs().calls()[0].input, "alice:sesame\n");
}

TEST_F(SetUserPassword, RefusesBadArgumentsBeforeAnythingRuns) {
  EXPECT_EQ(set_base64("alice", "c2Vz*W1l").error().text, "Base64 data contains invalid characters");
  EXPECT_EQ(set("alice", "a\nb").error().text, "forbidden characters in raw password");
  EXPECT_EQ(set("alice", std::string("a\0b", 3)).error().text, "forbidden characters in raw password");
  EXPECT_EQ(set("a:b", "x").error().text, "forbidden characters in username");
  EXPECT_THAT(bench_.programs().calls(), IsEmpty());
}

TEST_F(SetUserPassword, PassesOnWhatPamSays) {
  bench_.programs().answer(
      [](const platform::ProgramCall&) { return support::FakePrograms::exit(1, "BAD PASSWORD: too short\n"); });
  EXPECT_EQ(set("alice", "x").error().text, "child process has failed to set user password: BAD PASSWORD: too short\n");
}

TEST_F(SetUserPassword, LeavesNothingOfItInTheMessage) {
  ASSERT_TRUE(set("alice", "sesame"));
  EXPECT_TRUE(message_is_wiped());
  EXPECT_FALSE(set("a:b", "sesame"));
  EXPECT_TRUE(message_is_wiped());
  EXPECT_FALSE(set_base64("alice", "c2VzYW1l*"));
  EXPECT_TRUE(message_is_wiped());
}

}  // namespace
}  // namespace guestd::commands
