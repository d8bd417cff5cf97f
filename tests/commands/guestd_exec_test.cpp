// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "protocol/base64.hpp"
#include "tests/commands/exec_bench.hpp"

namespace guestd::commands {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class GuestdExec : public ExecTest {};

TEST_F(GuestdExec, KeepsBothOutputsUnlessToldOtherwise) {
  auto outcome = run(sh("echo one; echo two >&2; exit 3"));
  EXPECT_EQ(outcome.out, "one\n");
  EXPECT_EQ(outcome.err, "two\n");
  EXPECT_EQ(outcome.last.exitcode, 3);
  auto args = sh("echo one; echo two >&2");
  args.stderr_ = GuestdExecOutput::kMerge;
  EXPECT_EQ(run(args).out, "one\ntwo\n");
  args.stderr_ = GuestdExecOutput::kNone;
  EXPECT_EQ(run(args).out, "one\n");
  args.stderr_ = std::nullopt;
  args.stdout_ = GuestdExecOutput::kMerge;
  EXPECT_EQ(run(args).err, "one\ntwo\n");
}

TEST_F(GuestdExec, StartsInTheFolderThatIsAskedFor) {
  auto args = sh("pwd");
  EXPECT_EQ(run(args).out, "/\n");
  args.cwd = "/usr";
  EXPECT_EQ(run(args).out, "/usr\n");
  args.cwd = "/nonexistent";
  EXPECT_EQ(start_error(args), "Failed to change to directory \u201C/nonexistent\u201D (No such file or directory)");
  args.cwd = "/etc/passwd";
  EXPECT_EQ(start_error(args), "Failed to change to directory \u201C/etc/passwd\u201D (Not a directory)");
}

TEST_F(GuestdExec, AddsVariablesOrBeginsWithNone) {
  ::setenv("GUESTD_TEST_VARIABLE", "of the agent", 1);
  auto args = sh("echo $GUESTD_TEST_VARIABLE-$OWN");
  args.env = std::vector<std::string>{"OWN=added"};
  EXPECT_EQ(run(args).out, "of the agent-added\n");
  args.clear_env = true;
  EXPECT_EQ(run(args).out, "-added\n");
  ::unsetenv("GUESTD_TEST_VARIABLE");
}

TEST_F(GuestdExec, HidesWhatTheServiceManagerToldTheAgent) {
  ::setenv("NOTIFY_SOCKET", "/run/secret", 1);
  EXPECT_EQ(run(sh("echo -$NOTIFY_SOCKET-")).out, "--\n");
  ::unsetenv("NOTIFY_SOCKET");
}

TEST_F(GuestdExec, BecomesTheUserInEveryWay) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can";
  auto args = sh("id -u; id -g; echo $USER $HOME; grep -E '^(Uid|Gid|CapEff)' /proc/self/status | tr '\\t' ' '");
  args.user = "nobody";
  const auto out = run(args).out;
  EXPECT_THAT(out, StartsWith("65534\n65534\nnobody /nonexistent\n"));
  EXPECT_THAT(out, HasSubstr("Uid: 65534 65534 65534 65534\nGid: 65534 65534 65534 65534\nCapEff: 0000000000000000\n"));
  args = sh("id -u; id -g; id -G");
  args.user = "4242";
  args.group = "4343";
  EXPECT_EQ(run(args).out, "4242\n4343\n4343\n");
  args.user = std::nullopt;
  EXPECT_THAT(run(args).out, StartsWith("0\n4343\n"));
  args.user = "no such user";
  EXPECT_EQ(start_error(args), "user 'no such user' does not exist");
}

TEST_F(GuestdExec, TellsAUserWhatItMayNotDo) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can";
  auto args = sh("true");
  args.user = "nobody";
  args.cwd = "/root";
  EXPECT_EQ(start_error(args), "Failed to change to directory \u201C/root\u201D (Permission denied)");
}

TEST_F(GuestdExec, LeavesTheAgentWhoItIsAfterAProgramOfAUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can";
  auto args = sh("true");
  args.user = "nobody";
  (void)run(args);
  EXPECT_EQ(::geteuid(), 0U);
  EXPECT_EQ(run(sh("id -u")).out, "0\n");
}

TEST_F(GuestdExec, GivesATerminalOfTheSizeThatIsAskedFor) {
  auto args = sh("tty -s && stty size; [ -t 2 ] && echo error too");
  args.pty = GuestdExecTerminal{};
  EXPECT_EQ(run(args).out, "24 80\r\nerror too\r\n");
  args.pty = GuestdExecTerminal{50, 132};
  EXPECT_THAT(run(args).out, StartsWith("50 132\r\n"));
  // It is the controlling one.
  args = sh("echo here > /dev/tty");
  args.pty = GuestdExecTerminal{};
  EXPECT_EQ(run(args).out, "here\r\n");
}

TEST_F(GuestdExec, EndsAProgramAtItsTimeLimit) {
  auto args = sh("trap 'echo asked; exit 9' TERM; echo begun; while :; do sleep 0.02; done");
  args.timeout_ms = 1000;
  auto outcome = run(args);
  EXPECT_TRUE(outcome.last.timed_out);
  EXPECT_EQ(outcome.out, "begun\nasked\n");
  EXPECT_EQ(outcome.last.exitcode, 9);
}

TEST_F(GuestdExec, KillsAtTheTimeLimitWhatDoesNotListen) {
  bench_.exec_settings().kill_delay = 50ms;
  bench_.restart();
  auto args = sh("trap '' TERM; while :; do sleep 0.02; done");
  args.timeout_ms = 1000;
  EXPECT_EQ(run(args).last.signal, SIGKILL);
}

TEST_F(GuestdExec, WakesAtTheTimeLimitWhatHasStoppedItself) {
  auto args = sh("kill -STOP $$; echo woken");
  args.timeout_ms = 50;
  auto outcome = run(args);
  EXPECT_TRUE(outcome.last.timed_out);
  EXPECT_EQ(outcome.last.signal, SIGTERM);
}

TEST_F(GuestdExec, HasNoLongerLimitThanIsConfigured) {
  bench_.exec_settings().time_limit = 50ms;
  bench_.restart();
  EXPECT_TRUE(run(sh("sleep 1000")).last.timed_out);
  auto args = sh("sleep 1000");
  args.timeout_ms = 3'600'000;
  EXPECT_TRUE(run(args).last.timed_out);
}

TEST_F(GuestdExec, RefusesWhatDoesNotGoTogether) {
  auto args = sh("true");
  args.stdout_ = args.stderr_ = GuestdExecOutput::kMerge;
  EXPECT_EQ(start_error(args), "'stdout' and 'stderr' cannot both be 'merge'");
  args = sh("true");
  args.pty = GuestdExecTerminal{};
  args.stdout_ = GuestdExecOutput::kCapture;
  EXPECT_EQ(start_error(args), "with 'pty' neither 'stdout' nor 'stderr' can be said");
  args.stdout_.reset();
  args.stdin_ = GuestdExecInput::kNone;
  EXPECT_EQ(start_error(args), "with 'pty' 'stdin' can only be 'stream'");
  args = sh("true");
  args.stdin_ = GuestdExecInput::kData;
  EXPECT_EQ(start_error(args), "Parameter 'input-data' is missing");
  std::string data = "aGVsbG8=";
  args.input_data = protocol::Base64Text(data);
  args.stdin_ = GuestdExecInput::kNone;
  EXPECT_EQ(start_error(args), "with 'input-data' 'stdin' cannot be 'none'");
  args = sh("true");
  args.stdout_ = GuestdExecOutput::kSpool;
  args.when_full = GuestdExecWhenFull::kWait;
  EXPECT_EQ(start_error(args), "with a spool 'when-full' can only be 'drop-oldest'");
  args = sh("true");
  args.output_limit = 0;
  EXPECT_EQ(start_error(args), "value '0' is invalid for argument output-limit");
  args = sh("true");
  args.env = std::vector<std::string>{"x"};
  EXPECT_THAT(start_error(args), HasSubstr("env[0]"));
}

}  // namespace
}  // namespace guestd::commands
