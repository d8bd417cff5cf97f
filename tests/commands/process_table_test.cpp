// SPDX-License-Identifier: Apache-2.0
#include "commands/process_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "tests/commands/exec_bench.hpp"

namespace guestd::commands {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class ProcessTableTest : public ExecTest {
 protected:
  bool is_known(std::int64_t pid) { return bench_.processes().find(pid).has_value(); }
  static std::string name(std::int64_t pid) { return "PID " + std::to_string(pid); }
};

TEST_F(ProcessTableTest, CostsNoThreadUntilAProgramIsStartedAndNoneALittleAfterTheLast) {
  const std::size_t before = own_threads();
  (void)wait_for_status(start(sh("true")));
  EXPECT_EQ(own_threads(), before + 1);
  EXPECT_TRUE(comes_true([&] { return own_threads() == before; }));
  EXPECT_EQ(wait_for_status(start(sh("exit 3"))).exitcode, 3) << "and it comes again";
}

TEST_F(ProcessTableTest, EndsItsThreadAlsoWhenTheLastResultIsCollectedLate) {
  const std::size_t before = own_threads();
  const auto pid = start(sh("true"));
  std::this_thread::sleep_for(2500ms);
  EXPECT_EQ(own_threads(), before + 1);
  (void)wait_for_status(pid);
  EXPECT_TRUE(comes_true([&] { return own_threads() == before; }));
}

TEST_F(ProcessTableTest, ForgetsTheOldestResultsAndSaysSo) {
  bench_.exec_settings().kept_results = 3;
  bench_.restart();
  std::vector<std::int64_t> pids;
  for (int round = 0; round < 5; ++round) {
    pids.push_back(start(sh("exit " + std::to_string(round))));
    ASSERT_TRUE(comes_true([&] {
      const auto child = bench_.processes().find(pids.back());
      return child && (*child)->state().exited;
    }));
  }
  EXPECT_TRUE(comes_true([&] { return bench_.processes().all().size() == 3; }));
  EXPECT_FALSE(is_known(pids[0]) || is_known(pids[1]));
  EXPECT_EQ(wait_for_status(pids[4]).exitcode, 4);
  EXPECT_THAT(bench_.told(), Contains(HasSubstr(name(pids[0]) + " (/bin/sh): more than 3 wait to be collected")));
}

TEST_F(ProcessTableTest, ForgetsAResultThatNobodyCollects) {
  bench_.exec_settings().kept_time = 0s;
  bench_.restart();
  const auto pid = start(sh("true"));
  EXPECT_TRUE(comes_true([&] { return !is_known(pid); }));
  EXPECT_THAT(bench_.told(), ElementsAre(HasSubstr("forgot the result of " + name(pid))));
}

TEST_F(ProcessTableTest, KeepsTheMemoryOfAllTogetherBelowItsLimit) {
  bench_.exec_settings().memory_bytes = 8 << 20U;
  bench_.restart();
  std::vector<std::int64_t> pids;
  auto args = sh("exec yes");
  for (int number = 0; number < 16; ++number) pids.push_back(start(args));
  const auto written = [&] {
    std::uint64_t total = 0;
    for (const auto& child : bench_.processes().all()) total += child->written(ChildStream::kOutput).value_or(0);
    return total;
  };
  EXPECT_TRUE(comes_true([&] { return written() > 64U << 20U; }));
  EXPECT_LE(bench_.processes().budget().used(), 8U << 20U);
  for (const auto pid : pids) ::kill(-static_cast<pid_t>(pid), SIGKILL);
  for (const auto pid : pids) (void)wait_for_status(pid);
  EXPECT_TRUE(comes_true([&] { return bench_.processes().budget().used() == 0; }));
}

TEST_F(ProcessTableTest, LeavesNoZombieWhateverAProgramDoes) {
  for (const char* script : {"(sleep 0.01 &) &", "kill -KILL $$", "exec setsid sleep 0.01"}) {
    const auto pid = start(sh(script));
    (void)wait_for_status(pid);
    EXPECT_EQ(::waitpid(static_cast<pid_t>(pid), nullptr, WNOHANG), -1) << script;
  }
}

/// What a new agent finds of one that was killed. The clock is the machine's, by which processes are known again.
class TakeOver : public ProcessTableTest {
 protected:
  TakeOver() {
    bench_.host().clock = std::make_unique<platform::SystemClock>();
    bench_.restart();
  }
};

TEST_F(TakeOver, FindsAProgramAgainAndItsSpool) {
  const std::string go = bench_.dir() / "go";
  auto args = sh("echo before; until [ -e " + go + " ]; do sleep 0.01; done; echo after; exec sleep 1000");
  args.stdout_ = GuestdExecOutput::kSpool;
  args.stderr_ = GuestdExecOutput::kNone;
  const auto pid = start(args);
  ASSERT_TRUE(read(read_args(pid)));
  bench_.restart();
  const auto child = bench_.processes().find(pid);
  ASSERT_TRUE(child) << child.error().text;
  EXPECT_TRUE((*child)->recovered());
  EXPECT_FALSE((*child)->state().exited);
  bench_.dir().write("go", "");
  std::string out;
  auto asked = read_args(pid);
  while (out.find("after") == std::string::npos) {
    const auto news = read(asked);
    ASSERT_TRUE(news);
    for (const auto& piece : news->output) out += piece.data.bytes();
  }
  EXPECT_EQ(out, "before\nafter\n");
  EXPECT_TRUE((*child)->signal(platform::SignalTarget::kGroup, SIGKILL));
  // It is this process's child; one of an agent that was killed is reaped by init.
  EXPECT_EQ(::waitpid(static_cast<pid_t>(pid), nullptr, 0), pid);
  auto status = wait_for_status(pid);
  EXPECT_TRUE(status.exited);
  EXPECT_EQ(bytes_of(status, status.out_data), "before\nafter\n");
  EXPECT_TRUE(comes_true([&] { return std::filesystem::is_empty(bench_.state_dir() / "guestd-exec"); }));
}

TEST_F(TakeOver, KeepsAResultWhoseOutputIsSpooled) {
  auto args = sh("echo result; exit 5");
  args.stdout_ = GuestdExecOutput::kSpool;
  const auto pid = start(args);
  (void)follow(pid);
  ASSERT_TRUE(
      comes_true([&] { return bench_.state_dir().read("guestd-exec.state").find("1 1005 ") != std::string::npos; }));
  bench_.restart();
  auto status = wait_for_status(pid);
  EXPECT_EQ(status.exitcode, 5);
  EXPECT_EQ(bytes_of(status, status.out_data), "result\n");
  EXPECT_EQ(status.err_truncated, true) << "that was in the memory of the agent before";
}

TEST_F(TakeOver, DoesNotTakeAnotherProcessForTheOneBefore) {
  const auto pid = start(sh("exec sleep 1000"));
  // The same number, as if it had been used again: nobody was born when the record says.
  ProcessRecord record;
  record.birth = (*bench_.processes().find(pid))->birth();
  record.birth.not_before += 5s;
  record.birth.not_after += 5s;
  record.path = "/bin/sh";
  const std::string line = format_process_record(record) + "\n";
  bench_.restart();
  EXPECT_TRUE(is_known(pid)) << "the record is right";
  // The thread that writes the records ends with the agent.
  bench_.restart([&] {
    std::string state = bench_.state_dir().read("guestd-exec.state");
    ASSERT_GE(state.size(), ProcessRecords::kPlaceBytes + line.size());
    state.replace(ProcessRecords::kPlaceBytes, line.size(), line);
    bench_.state_dir().write("guestd-exec.state", state);
  });
  EXPECT_FALSE(is_known(pid));
  ::kill(static_cast<pid_t>(pid), SIGKILL);
  ::waitpid(static_cast<pid_t>(pid), nullptr, 0);
}

TEST_F(TakeOver, GoesOnWithTheTimeLimit) {
  auto args = sh("exec sleep 1000");
  args.timeout_ms = 1000;
  args.stdout_ = args.stderr_ = GuestdExecOutput::kNone;
  const auto pid = start(args);
  bench_.restart();
  ASSERT_TRUE(is_known(pid));
  int how = 0;
  EXPECT_EQ(::waitpid(static_cast<pid_t>(pid), &how, 0), pid);
  EXPECT_EQ(WTERMSIG(how), SIGTERM);
  EXPECT_TRUE(follow(pid).last.timed_out);
}

TEST_F(TakeOver, RemovesSpoolsThatBelongToNobody) {
  (void)wait_for_status(start(sh("true")));
  bench_.state_dir().write("guestd-exec/12345.out", "left over");
  bench_.restart();
  EXPECT_TRUE(comes_true([&] { return !std::filesystem::exists(bench_.state_dir() / "guestd-exec/12345.out"); }));
}

}  // namespace
}  // namespace guestd::commands
