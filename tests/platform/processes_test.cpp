// SPDX-License-Identifier: Apache-2.0
#include "platform/processes.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace guestd::platform {
namespace {

class ProcessesTest : public testing::Test {
 protected:
  static ProcessStart sh(const std::string& script) {
    ProcessStart start;
    start.path = "/bin/sh";
    start.arguments = {"-c", script};
    start.environment = {"PATH=/usr/bin:/bin"};
    return start;
  }
  StartedProcess start(ProcessStart call) {
    auto started = processes_->start(std::move(call));
    EXPECT_TRUE(started) << started.error().text;
    return started ? *std::move(started) : StartedProcess{};
  }
  static ProcessExit wait_for(const StartedProcess& process) {
    pollfd ended{process.pidfd.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&ended, 1, 60'000), 1);
    const auto exit = reap(process.birth.pid);
    EXPECT_TRUE(exit);
    return exit.value_or(ProcessExit{});
  }
  /// What a script writes.
  std::string output(ProcessStart call) {
    auto pipe = make_pipe(PipeUse::kProgramWrites);
    EXPECT_TRUE(pipe);
    call.output = pipe->theirs.get();
    const auto process = start(std::move(call));
    pipe->theirs.reset();
    EXPECT_EQ(wait_for(process), (ProcessExit{false, 0}));
    std::string text(1 << 16U, '\0');
    const ssize_t count = ::read(pipe->ours.get(), text.data(), text.size());
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return text;
  }

  std::unique_ptr<Processes> processes_ = system_processes();
};

TEST_F(ProcessesTest, TellsItsEndByADescriptor) {
  const auto process = start(sh("exit 7"));
  ASSERT_TRUE(process.pidfd.valid());
  EXPECT_EQ(wait_for(process), (ProcessExit{false, 7}));
  EXPECT_EQ(wait_for(start(sh("kill -9 $$"))), (ProcessExit{true, SIGKILL}));
}

TEST_F(ProcessesTest, PassesNoDescriptorOn) {
  const int leaky = ::open("/dev/null", O_RDONLY);  // not close-on-exec, as an agent may have inherited one
  EXPECT_EQ(output(sh("fd=0; while [ $fd -lt 64 ]; do [ -e /proc/$$/fd/$fd ] && echo $fd; fd=$((fd + 1)); done")),
            "0\n1\n2\n");
  ::close(leaky);
}

TEST_F(ProcessesTest, GivesBackTheSignalsThatTheAgentIgnoresOrBlocks) {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  EXPECT_EQ(output(sh("grep -E 'SigBlk|SigIgn' /proc/self/status | cut -f2")), "0000000000000000\n0000000000000000\n");
  sigset_t now;
  ::pthread_sigmask(SIG_UNBLOCK, &blocked, &now);
  EXPECT_TRUE(sigismember(&now, SIGTERM)) << "the agent's own stays as it was";
}

TEST_F(ProcessesTest, GivesTheLimitOfOpenFilesThatTheAgentFound) {
  rlimit own{};
  ::getrlimit(RLIMIT_NOFILE, &own);
  const auto before = output(sh("ulimit -n"));
  rlimit other = own;
  other.rlim_cur = own.rlim_cur - 10;
  ::setrlimit(RLIMIT_NOFILE, &other);
  EXPECT_EQ(output(sh("ulimit -n")), before);
  ::setrlimit(RLIMIT_NOFILE, &own);
}

TEST_F(ProcessesTest, SetsUmaskFolderAndSession) {
  ::umask(0);
  EXPECT_EQ(output(sh("umask; pwd")), "0022\n/\n");
  ::umask(022);
  auto call = sh("pwd");
  call.folder = "/usr";
  EXPECT_EQ(output(call), "/usr\n");
  const auto process = start(sh("sleep 1000"));
  EXPECT_EQ(::getsid(process.birth.pid), process.birth.pid);
  EXPECT_EQ(::getpgid(process.birth.pid), process.birth.pid);
  EXPECT_TRUE(send_signal(process.birth.pid, SignalTarget::kGroup, SIGKILL));
  EXPECT_EQ(wait_for(process), (ProcessExit{true, SIGKILL}));
}

TEST_F(ProcessesTest, FailsWithTheReasonOfTheKernel) {
  ProcessStart call;
  call.path = "/nonexistent";
  auto failed = processes_->start(call);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().errno_value, ENOENT);
  EXPECT_EQ(failed.error().text,
            "Failed to execute child process \u201C/nonexistent\u201D (No such file or directory)");
  call = sh("true");
  call.folder = "/nonexistent";
  EXPECT_EQ(processes_->start(call).error().errno_value, ENOENT);
  call = sh("true");
  call.terminal = true;  // /dev/null is none
  EXPECT_EQ(processes_->start(call).error().errno_value, ENOTTY);
  EXPECT_LE(::waitpid(-1, nullptr, WNOHANG), 0) << "nothing is left to be reaped";
}

TEST_F(ProcessesTest, RefusesWithItsReason) {
  EXPECT_EQ(refusing_processes("it is a test")->start(sh("true")).error().text,
            "Failed to execute child process \u201C/bin/sh\u201D (it is a test)");
}

TEST_F(ProcessesTest, FindsAProcessAgainByItsBirth) {
  const auto process = start(sh("exec sleep 1000"));
  EXPECT_TRUE(find_process(process.birth));
  auto other = process.birth;
  other.not_before += std::chrono::seconds(2);
  other.not_after += std::chrono::seconds(2);
  EXPECT_FALSE(find_process(other)) << "another one of the same number";
  EXPECT_TRUE(send_signal(process.birth.pid, SignalTarget::kProcess, SIGKILL));
  (void)wait_for(process);
  EXPECT_FALSE(find_process(process.birth));
}

TEST_F(ProcessesTest, TellsTheEndOfAProcessByItsDescriptorWhereTheKernelDoes) {
  const auto process = start(sh("exit 3"));
  EXPECT_EQ(wait_for(process), (ProcessExit{false, 3}));
  const auto told = exit_of(process.pidfd.get());
  if (!told) GTEST_SKIP() << "the kernel is older than 6.15";
  EXPECT_EQ(*told, (ProcessExit{false, 3}));
}

TEST(StartTicks, AreFoundBehindAnyName) {
  const std::string rest = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
  EXPECT_EQ(parse_start_ticks("42 (sleep)" + rest), 4711U);
  EXPECT_EQ(parse_start_ticks("42 (a) S 1 (b)" + rest), 4711U);
  EXPECT_FALSE(parse_start_ticks("42 (sleep) S 1 2"));
  EXPECT_FALSE(parse_start_ticks(""));
  EXPECT_FALSE(parse_start_ticks("no parenthesis"));
}

TEST(ParseSignal, TakesNamesAndNumbers) {
  EXPECT_EQ(parse_signal("TERM"), SIGTERM);
  EXPECT_EQ(parse_signal("sigkill"), SIGKILL);
  EXPECT_EQ(parse_signal("9"), SIGKILL);
  EXPECT_EQ(parse_signal("RTMIN"), SIGRTMIN);
  EXPECT_EQ(parse_signal("SIGRTMIN+3"), SIGRTMIN + 3);
  EXPECT_EQ(parse_signal("RTMAX-1"), SIGRTMAX - 1);
  for (const char* wrong : {"", "0", "-1", "65", "99999999999999999999", "SIG", "TERMX", "RTMIN-1", "RTMAX+1",
                            "RTMIN+64", "SIGSIGTERM", "TERM ", "TERMINATE-THIS-PROGRAM"}) {
    EXPECT_FALSE(parse_signal(wrong)) << wrong;
  }
}

TEST(Terminal, HasTheSizeThatItIsGiven) {
  auto pair = make_terminal(50, 132);
  ASSERT_TRUE(pair) << pair.error().text;
  EXPECT_TRUE(::isatty(pair->theirs.get()));
  EXPECT_TRUE(resize_terminal(pair->ours.get(), 10, 20));
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(resize_terminal(null.get(), 1, 1));
}

}  // namespace
}  // namespace guestd::platform
