// SPDX-License-Identifier: Apache-2.0
#include "platform/password.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <utility>

#include "tests/support/fake_programs.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

using namespace std::string_literals;
using support::FakePrograms;
using testing::ElementsAre;
using testing::IsEmpty;

class Password : public testing::Test {
 protected:
  Password() { dir_.write("usr/sbin/chpasswd", ""); }

  Result<void> set(std::string_view user, std::string_view password, bool crypted = false) {
    return set_password(*Root::at(dir_.str()), programs_, {user, password, crypted});
  }
  std::string error(std::string_view user, std::string_view password, bool crypted = false) {
    const auto done = set(user, password, crypted);
    return done ? "" : done.error().text;
  }
  std::string error_if(const ProgramEnd& end) {
    programs_.answer([end](const ProgramCall&) { return end; });
    return error("alice", "sesame");
  }

  support::TempDir dir_;
  FakePrograms programs_;
};

TEST_F(Password, GoesToChpasswdAsALine) {
  ASSERT_TRUE(set("alice", "se:sa me\t\x01"));
  EXPECT_THAT(programs_.lines(), ElementsAre("/usr/sbin/chpasswd"));
  EXPECT_EQ(programs_.calls()[0].input, "alice:se:sa me\t\x01\n");
}

TEST_F(Password, ThatIsAHashIsMarked) {
  ASSERT_TRUE(set("alice", "$6$salt$hash", true));
  EXPECT_THAT(programs_.lines(), ElementsAre("/usr/sbin/chpasswd -e"));
  EXPECT_EQ(programs_.calls()[0].input, "alice:$6$salt$hash\n");
}

TEST_F(Password, IsNowhereInTheArguments) {
  ASSERT_TRUE(set("alice", "sesame"));
  EXPECT_THAT(programs_.calls()[0].arguments, IsEmpty());
  EXPECT_THAT(programs_.calls()[0].environment, IsEmpty());
}

TEST_F(Password, WithWhatWouldBreakTheLineIsRefusedBeforeAnythingRuns) {
  EXPECT_EQ(error("alice", "a\nroot:b"), "forbidden characters in raw password");
  EXPECT_EQ(error("alice", "a\0b"s), "forbidden characters in raw password");
  EXPECT_EQ(error("alice", "hash:0:0", true), "forbidden characters in crypted password");
  EXPECT_EQ(error("a:b", "x"), "forbidden characters in username");
  EXPECT_EQ(error("a\nb", "x"), "forbidden characters in username");
  EXPECT_EQ(error("a\0b"s, "x"), "forbidden characters in username");
  EXPECT_EQ(error("", "x"), "the username is empty");
  EXPECT_EQ(error(std::string(257, 'u'), "x"), "the username is longer than 256 bytes");
  EXPECT_EQ(error("alice", std::string(4097, 'x')), "the password is longer than 4096 bytes");
  EXPECT_THAT(programs_.calls(), IsEmpty());
}

TEST_F(Password, ThatIsRefusedComesBackWithTheWordsOfPam) {
  EXPECT_EQ(error_if(FakePrograms::exit(1, "chpasswd: (user alice) pam_chauthtok() failed\nchpasswd: unchanged\n")),
            "child process has failed to set user password: chpasswd: (user alice) pam_chauthtok() failed\n"
            "chpasswd: unchanged\n");
  EXPECT_EQ(error_if(FakePrograms::exit(3)), "child process has failed to set user password: exit status 3");
}

TEST_F(Password, IsAnErrorIfTheProgramCrashesOrDoesNotEnd) {
  ProgramEnd end;
  end.how = ProgramEnd::How::kSignal;
  end.code = 11;
  EXPECT_EQ(error_if(end), "child process has terminated abnormally");
  end.output = "oops\n";
  EXPECT_EQ(error_if(end), "child process has terminated abnormally: oops\n");
  end.how = ProgramEnd::How::kTimeLimit;
  end.output = "";
  end.took = std::chrono::seconds(60);
  EXPECT_EQ(error_if(end),
            "child process has failed to set user password: chpasswd has not finished after 60 s, is a module of PAM "
            "waiting for something?");
}

TEST_F(Password, WaitsForPamForAMinuteAtMost) {
  ASSERT_TRUE(set("alice", "sesame"));
  EXPECT_EQ(programs_.calls()[0].time_limit, std::chrono::seconds(60));
}

TEST_F(Password, NeedsChpasswd) {
  std::filesystem::remove(dir_.path() / "usr/sbin/chpasswd");
  EXPECT_EQ(error("alice", "sesame"),
            "child process has failed to set user password: failed to exec 'chpasswd': No such file or directory\n");
  dir_.write("bin/chpasswd", "");
  ASSERT_TRUE(set("alice", "sesame"));
  EXPECT_THAT(programs_.lines(), ElementsAre("/bin/chpasswd"));
}

TEST_F(Password, ThatCouldNotBeGivenAwaySaysWhy) {
  programs_.answer([](const ProgramCall& call) { return Error::from_errno("cannot run " + call.path, ENOMEM); });
  EXPECT_EQ(error("alice", "sesame"),
            "child process has failed to set user password: cannot run /usr/sbin/chpasswd: Cannot allocate memory");
}

// A real program in the place of chpasswd, below a folder of the test.
TEST(PasswordOfAProgram, ArrivesWholeAndItsWordsComeBack) {
  const support::TempDir dir;
  SystemPrograms programs;
  class Below final : public Programs {
   public:
    Below(Programs& real, std::string folder) : real_(real), folder_(std::move(folder)) {}
    Result<ProgramEnd> run(const ProgramCall& call) override {
      ProgramCall moved = call;
      moved.path = folder_ + call.path;
      return real_.run(moved);
    }

   private:
    Programs& real_;
    std::string folder_;
  } below(programs, dir.str());
  dir.write("usr/sbin/chpasswd", "#!/bin/sh\ncat > \"$(dirname \"$0\")/got\"\necho \"args: $*\" >&2\nexit 4\n");
  std::filesystem::permissions(dir.path() / "usr/sbin/chpasswd", std::filesystem::perms(0755));
  const std::string password(4096, 'p');
  const auto done = set_password(*Root::at(dir.str()), below, {"alice", password, true});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().text, "child process has failed to set user password: args: -e\n");
  EXPECT_EQ(dir.read("usr/sbin/got"), "alice:" + password + "\n");
}

}  // namespace
}  // namespace guestd::platform
