// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>

#include "protocol/base64.hpp"
#include "tests/commands/exec_bench.hpp"

namespace guestd::commands {
namespace {

using Mode = GuestExecCaptureOutputMode;
using testing::HasSubstr;
using testing::StartsWith;

class Exec : public ExecTest {
 protected:
  static ExecArgs shell(const std::string& script, std::optional<GuestExecCaptureOutput> capture = std::nullopt) {
    ExecArgs args;
    args.path = "/bin/sh";
    args.arg = std::vector<std::string>{"-c", script};
    args.capture_output = capture;
    return args;
  }
  ExecStatusResult run(const ExecArgs& args) {
    const auto started = exec(bench_.context(), args);
    EXPECT_TRUE(started) << started.error().text;
    return started ? wait_for_status(started->pid) : ExecStatusResult{};
  }
  /// `out|err` of both outputs in one mode.
  std::string outputs(std::optional<GuestExecCaptureOutput> capture) {
    auto status = run(shell("echo one; echo two >&2", capture));
    return bytes_of(status, status.out_data) + "|" + bytes_of(status, status.err_data);
  }
  std::string out(const ExecArgs& args) {
    auto status = run(args);
    return bytes_of(status, status.out_data);
  }
  std::string error(const ExecArgs& args) {
    const auto started = exec(bench_.context(), args);
    return started ? "(started)" : started.error().text;
  }
};

TEST_F(Exec, KeepsWhatTheModeSays) {
  EXPECT_EQ(outputs(std::nullopt), "(none)|(none)");
  EXPECT_EQ(outputs(false), "(none)|(none)");
  EXPECT_EQ(outputs(Mode::kNone), "(none)|(none)");
  EXPECT_EQ(outputs(true), "one\n|two\n");
  EXPECT_EQ(outputs(Mode::kSeparated), "one\n|two\n");
  EXPECT_EQ(outputs(Mode::kStdout), "one\n|(none)");
  EXPECT_EQ(outputs(Mode::kStderr), "(none)|two\n");
  EXPECT_EQ(outputs(Mode::kMerged), "one\ntwo\n|(none)");
  // Those that break the descriptors of qemu-ga, and what works there after them.
  EXPECT_EQ(outputs(Mode::kStdout), "one\n|(none)");
  EXPECT_EQ(outputs(true), "one\n|two\n");
}

TEST_F(Exec, HandsInputOverWhateverItsSize) {
  const std::string input(3'000'000, 'x');
  std::string encoded;
  protocol::base64::encode(std::as_bytes(std::span(input)), encoded);
  auto args = shell("cat | wc -c", Mode::kStdout);
  args.input_data = protocol::Base64Text(encoded);
  EXPECT_EQ(out(args), "3000000\n");
  std::string empty;
  args.input_data = protocol::Base64Text(empty);
  EXPECT_EQ(out(args), "0\n");
}

TEST_F(Exec, ReadsNothingWithoutInput) { EXPECT_EQ(out(shell("readlink /proc/self/fd/0", true)), "/dev/null\n"); }

TEST_F(Exec, GivesExactlyTheEnvironmentThatWasAskedFor) {
  ExecArgs args;
  args.path = "/usr/bin/env";
  args.env = std::vector<std::string>{"A=1", "B=two words"};
  args.capture_output = true;
  EXPECT_EQ(out(args), "A=1\nB=two words\n");
}

TEST_F(Exec, LooksForAProgramInItsOwnPathAndThenInTheAgents) {
  bench_.dir().write("tool", "#!/bin/sh\necho found $#\n");
  ::chmod((bench_.dir() / "tool").c_str(), 0755);
  ExecArgs args;
  args.path = "tool";
  args.arg = std::vector<std::string>{"", "x y"};
  args.env = std::vector<std::string>{"PATH=/nonexistent:" + bench_.dir().str()};
  args.capture_output = true;
  EXPECT_EQ(out(args), "found 2\n");
  args.env.reset();
  EXPECT_EQ(error(args), "Failed to execute child process \u201Ctool\u201D (No such file or directory)");
  args.path = "true";
  args.arg.reset();
  EXPECT_EQ(run(args).exitcode, 0);
}

TEST_F(Exec, RunsAScriptWithoutAnInterpreterWithTheShell) {
  bench_.dir().write("script", "echo $0 $1\n");
  ::chmod((bench_.dir() / "script").c_str(), 0755);
  ExecArgs args;
  args.path = bench_.dir() / "script";
  args.arg = std::vector<std::string>{"argument"};
  args.capture_output = true;
  EXPECT_EQ(out(args), args.path + " argument\n");
}

TEST_F(Exec, TellsHowAProgramEnded) {
  auto status = run(shell("exit 42"));
  EXPECT_EQ(status.exitcode, 42);
  EXPECT_FALSE(status.signal);
  status = run(shell("kill -SEGV $$"));
  EXPECT_EQ(status.signal, SIGSEGV);
  EXPECT_FALSE(status.exitcode);
}

TEST_F(Exec, SaysAtOnceWhyAProgramCannotBeStarted) {
  const auto failure = [](const std::string& path, const std::string& reason) {
    return "Failed to execute child process \u201C" + path + "\u201D (" + reason + ")";
  };
  ExecArgs args;
  EXPECT_EQ(error(args), failure("", "No such file or directory"));
  args.path = "/nonexistent";
  EXPECT_EQ(error(args), failure("/nonexistent", "No such file or directory"));
  args.path = "/etc/passwd";
  EXPECT_EQ(error(args), failure("/etc/passwd", "Permission denied"));
  args.path = "/etc";
  EXPECT_EQ(error(args), failure("/etc", "Permission denied"));
  args.path = std::string("/bin/tr\0ue", 10);
  EXPECT_THAT(error(args), HasSubstr("the path contains a NUL"));
  args.path = "/bin/true";
  args.arg = std::vector<std::string>{std::string("a\0b", 3)};
  EXPECT_EQ(error(args), failure("/bin/true", "an argument contains a NUL"));
  args.arg = std::vector<std::string>(30, std::string(100'000, 'x'));
  EXPECT_EQ(error(args), failure("/bin/true", "Argument list too long"));
  args.arg.reset();
  args.env = std::vector<std::string>{"novalue"};
  EXPECT_EQ(error(args), "env[0] is 'novalue', which is not of the form NAME=value");
  args.env.reset();
  std::string bad = "!!!";
  args.input_data = protocol::Base64Text(bad);
  EXPECT_EQ(error(args), "Base64 data contains invalid characters");
}

TEST_F(Exec, SaysThatAProgramIsBeingWritten) {
  const std::string path = bench_.dir() / "busy";
  std::filesystem::copy("/bin/true", path);
  std::ofstream writer(path, std::ios::app);
  ExecArgs args;
  args.path = path;
  EXPECT_THAT(error(args), HasSubstr("Text file busy"));
}

TEST_F(Exec, LeavesNoZombieOfWhatCouldNotBeStarted) {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;  // of other tests
  ExecArgs args;
  args.path = "/nonexistent";
  for (int round = 0; round < 20; ++round) (void)exec(bench_.context(), args);
  EXPECT_LE(::waitpid(-1, nullptr, WNOHANG), 0) << "there is a child to be reaped";
}

TEST_F(Exec, StartsProgramsThatAreClean) {
  const auto lines =
      out(shell("ls /proc/self/fd | wc -l; umask; pwd; grep -E 'SigBlk|SigIgn' /proc/self/status | cut -f2", true));
  EXPECT_THAT(lines, StartsWith("4\n0022\n/\n0000000000000000\n0000000000000000\n"))
      << lines;  // 0, 1, 2 and that of ls
}

TEST_F(Exec, GivesEachASessionAndAGroupOfItsOwn) {
  const auto text =
      out(shell("cut -d' ' -f1,5,6 /proc/self/stat | { read p g s; [ $g = $s ] && [ $g = $$ ] && echo own; }", true));
  EXPECT_EQ(text, "own\n");
}

TEST_F(Exec, AnswersThoughAGrandchildHoldsTheOutput) {
  bench_.exec_settings().grace = 50ms;
  bench_.restart();
  const auto started = exec(bench_.context(), shell("echo early; (sleep 1000; echo late) & echo $! >&2", true));
  ASSERT_TRUE(started);
  auto status = wait_for_status(started->pid);
  EXPECT_EQ(bytes_of(status, status.out_data), "early\n");
  EXPECT_EQ(status.exitcode, 0);
  EXPECT_EQ(status.out_truncated, true) << "what the other one writes later is missing";
  ::kill(std::stoi(bytes_of(status, status.err_data)), SIGKILL);
}

TEST_F(Exec, LetsAGrandchildWriteOnWhenTheResultWasCollected) {
  bench_.exec_settings().grace = 20ms;
  bench_.restart();
  const std::string done = bench_.dir() / "done";
  const auto started = exec(bench_.context(), shell("(while [ ! -e " + done +
                                                        ".go ]; do sleep 0.01; done; yes | head -c 300000; "
                                                        "echo $? > " +
                                                        done + ") &",
                                                    true));
  ASSERT_TRUE(started);
  (void)wait_for_status(started->pid);
  bench_.dir().write("done.go", "");
  ASSERT_TRUE(comes_true([&] { return !bench_.dir().read("done").empty(); })) << "it was ended by SIGPIPE or waits";
  EXPECT_EQ(bench_.dir().read("done"), "0\n");
}

TEST_F(Exec, KeepsSixteenMebibytesToTheByte) {
  auto status = run(shell("head -c 16777300 /dev/zero", Mode::kStdout));
  EXPECT_EQ(status.out_truncated, true);
  EXPECT_EQ(bytes_of(status, status.out_data).size(), 16'777'216U);
  status = run(shell("head -c 16777216 /dev/zero", Mode::kStdout));
  EXPECT_EQ(status.out_truncated, false);
  EXPECT_EQ(bytes_of(status, status.out_data).size(), 16'777'216U);
}

TEST_F(Exec, RunsNoMoreAtOnceThanIsConfigured) {
  bench_.exec_settings().processes = 2;
  bench_.restart();
  const auto first = exec(bench_.context(), shell("sleep 1000"));
  const auto second = exec(bench_.context(), shell("sleep 1000"));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(error(shell("true")),
            "Failed to execute child process \u201C/bin/sh\u201D (2 programs run already, no more "
            "are allowed at once)");
  ::kill(-static_cast<pid_t>(first->pid), SIGKILL);
  (void)wait_for_status(first->pid);
  EXPECT_EQ(run(shell("exit 3")).exitcode, 3) << "there is room again";
  ::kill(-static_cast<pid_t>(second->pid), SIGKILL);
  (void)wait_for_status(second->pid);
}

TEST_F(Exec, LeavesNothingBehindOfAThousand) {
  const auto descriptors = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); };
  ExecArgs args;
  args.path = "/bin/true";
  args.capture_output = true;
  (void)run(args);
  const auto before = descriptors();
  for (int round = 0; round < 1000; ++round) (void)run(args);
  EXPECT_EQ(descriptors(), before);
  EXPECT_EQ(bench_.processes().budget().used(), 0U);
  EXPECT_TRUE(bench_.processes().all().empty());
}

}  // namespace
}  // namespace guestd::commands
