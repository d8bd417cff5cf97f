// SPDX-License-Identifier: Apache-2.0
#include "platform/program.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include "base/unique_fd.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

using namespace std::chrono_literals;
using How = ProgramEnd::How;

class Program : public testing::Test {
 protected:
  /// Runs a shell script.
  ProgramEnd sh(const std::string& script, std::chrono::milliseconds limit = 60s, std::string input = {}) {
    ProgramCall call{"/bin/sh", {"-c", script}};
    call.time_limit = limit;
    call.input = std::move(input);
    auto end = programs_.run(call);
    EXPECT_TRUE(end) << end.error().text;
    return end ? *end : ProgramEnd{};
  }

  support::TempDir dir_;
  SystemPrograms programs_;
};

TEST_F(Program, TellsTheExitCodeAndKeepsBothOutputsInTheOrderOfWriting) {
  const auto end = sh("echo one; echo two >&2; echo three; exit 3");
  EXPECT_EQ(end.how, How::kExited);
  EXPECT_EQ(end.code, 3);
  EXPECT_EQ(end.output, "one\ntwo\nthree\n");
  EXPECT_FALSE(end.output_cut);
  EXPECT_FALSE(end.succeeded());
  EXPECT_EQ(end.describe(), "exit status 3");
  EXPECT_EQ(end.last_lines(), "one | two | three");
  EXPECT_TRUE(sh("exit 0").succeeded());
}

TEST_F(Program, TellsTheSignalThatEndedIt) {
  const auto end = sh("kill -SEGV $$");
  EXPECT_EQ(end.how, How::kSignal);
  EXPECT_EQ(end.code, SIGSEGV);
  EXPECT_EQ(end.describe(), "ended by signal 11 (Segmentation fault)");
}

TEST_F(Program, ThatCannotBeRunIsAnErrorWithItsPathAndCause) {
  const auto missing = programs_.run({dir_ / "missing"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().text, "cannot run " + (dir_ / "missing") + ": No such file or directory");
  const auto plain = programs_.run({dir_.write("plain", "text")});
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.error().errno_value, EACCES);
}

TEST_F(Program, IsEndedWithItsWholeGroupAtTheTimeLimit) {
  const std::string file = dir_ / "pids";
  const auto end = sh("sleep 1000 & echo $! > " + file + "; echo waiting; sleep 1000", 300ms);
  EXPECT_EQ(end.how, How::kTimeLimit);
  EXPECT_EQ(end.output, "waiting\n");
  EXPECT_NE(end.describe().find("not finished after "), std::string::npos);
  const pid_t sleeper = std::stoi(dir_.read("pids"));
  // Its parent has gone, so somebody else collects it; until then it is a zombie.
  for (int i = 0; i < 1000 && ::kill(sleeper, 0) == 0; ++i) {
    std::string state = [&] {
      FILE* stat = std::fopen(("/proc/" + std::to_string(sleeper) + "/stat").c_str(), "re");
      std::string text(256, '\0');
      if (stat != nullptr) {
        text.resize(std::fread(text.data(), 1, text.size(), stat));
        std::fclose(stat);
      }
      return text;
    }();
    if (state.find(") Z ") != std::string::npos) return;
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_NE(::kill(sleeper, 0), 0) << "its child goes on";
}

TEST_F(Program, ThatIgnoresSigtermIsKilled) {
  const auto end = sh("trap '' TERM; while :; do sleep 0.1; done", 200ms);
  EXPECT_EQ(end.how, How::kTimeLimit);
  EXPECT_LT(end.took, 60s);
}

TEST_F(Program, MayLeaveAChildBehindThatHoldsTheOutput) {
  const auto before = std::chrono::steady_clock::now();
  const auto end = sh("sleep 30 & echo $!; exit 0");
  EXPECT_TRUE(end.succeeded());
  EXPECT_LT(std::chrono::steady_clock::now() - before, 25s) << "the grandchild was waited for";
  const pid_t sleeper = std::stoi(end.output);
  EXPECT_EQ(::kill(sleeper, 0), 0) << "a background child is left alone";
  ::kill(sleeper, SIGKILL);
}

TEST_F(Program, OfItsOutputTheEndIsKept) {
  ProgramCall call{"/bin/sh", {"-c", "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"}};
  call.output_bytes = 100;
  const auto end = programs_.run(call);
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->output_cut);
  EXPECT_EQ(end->output.size(), 100U);
  EXPECT_TRUE(end->output.ends_with("line 19999\n"));
}

TEST_F(Program, ThatPrintsWithoutEndIsStoppedAtTheTimeLimit) {
  EXPECT_EQ(sh("while :; do echo yes; done", 300ms).how, How::kTimeLimit);
}

TEST_F(Program, ReadsItsInputAndOtherwiseNothing) {
  EXPECT_EQ(sh("cat", 60s, "secret\n").output, "secret\n");
  EXPECT_EQ(sh("cat").output, "");
  const std::string large(3 << 20, 'x');
  EXPECT_EQ(sh("wc -c", 60s, large).output, "3145728\n");
  EXPECT_TRUE(sh("exit 0", 60s, large).succeeded()) << "input that is not read";
}

TEST_F(Program, HasNoFileOfTheAgentsAndASessionOfItsOwn) {
  const UniqueFd inherited(::open("/dev/zero", O_RDONLY));  // not close-on-exec
  EXPECT_EQ(sh("ls /proc/self/fd | tr '\\n' ' '").output, "0 1 2 3 ") << "3 is the folder that ls reads";
  EXPECT_EQ(sh("pwd").output, "/\n");
  EXPECT_EQ(sh("[ $(cut -d' ' -f6 /proc/$$/stat) = $$ ] && echo leader").output, "leader\n");
}

TEST_F(Program, StartsWithCleanSignals) {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  const auto end = sh("grep -E 'SigBlk|SigIgn' /proc/self/status");
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  // glibc leaves its two internal signals (32 and 33) ignored in what posix_spawn(3) starts.
  EXPECT_EQ(end.output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000180000000\n");
}

TEST_F(Program, GetsVariablesAddedAndNotThoseOfTheServiceManager) {
  ::setenv("NOTIFY_SOCKET", "/nowhere", 1);
  ::setenv("PROGRAM_TEST", "old", 1);
  ProgramCall call{"/bin/sh", {"-c", "echo \"$PROGRAM_TEST,$NOTIFY_SOCKET,${PATH:+path}\""}};
  call.environment = {"PROGRAM_TEST=new"};
  const auto end = programs_.run(call);
  ::unsetenv("NOTIFY_SOCKET");
  ::unsetenv("PROGRAM_TEST");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->output, "new,,path\n");
}

TEST_F(Program, LeavesNoZombieAndNoDescriptor) {
  const auto descriptors = [] {
    int count = 0;
    for (int fd = 0; fd < 256; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return count;
  };
  const int before = descriptors();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(sh("exit 0").succeeded());
  EXPECT_EQ(descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(ProgramEnd, PutsTheLastLinesOnOneLineWithoutControls) {
  ProgramEnd end;
  end.output = "first\n\x1b[31mred\x1b[0m\r\n\nlast\n\n";
  EXPECT_EQ(end.last_lines(), "first |  [31mred [0m  | last");
  end.output = std::string(1000, 'a') + "\nend";
  EXPECT_EQ(end.last_lines(10), "...aaaa | end");
  end.output = "x\xC3\xA4y";
  EXPECT_EQ(end.last_lines(2), "...y") << "no half of a character";
}

}  // namespace
}  // namespace guestd::platform
