// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "tests/commands/exec_bench.hpp"

namespace guestd::commands {
namespace {

class GuestdExecRead : public ExecTest {
 protected:
  std::string error(const GuestdExecReadArgs& args) {
    const auto result = read(args);
    return result ? "(an answer)" : result.error().text;
  }
  void end(std::int64_t pid) {
    ::kill(-static_cast<pid_t>(pid), SIGKILL);
    (void)follow(pid);
  }
  static std::string name(std::int64_t pid) { return "PID " + std::to_string(pid); }
};

TEST_F(GuestdExecRead, AnswersAsSoonAsThereIsSomething) {
  const std::string go = bench_.dir() / "go";
  const auto pid = start(sh("echo first; until [ -e " + go + " ]; do sleep 0.01; done; echo second; exit 4"));
  auto args = read_args(pid);
  auto news = read(args);
  ASSERT_TRUE(news);
  ASSERT_EQ(news->output.size(), 1U);
  EXPECT_EQ(news->output[0].data.bytes(), "first\n");
  EXPECT_EQ(news->output[0].next_offset, 6U);
  EXPECT_FALSE(news->exited || news->finished);
  bench_.dir().write("go", "");
  auto rest = follow(pid);
  EXPECT_EQ(rest.out, "second\n");
  EXPECT_TRUE(rest.last.exited);
  EXPECT_EQ(rest.last.exitcode, 4);
}

TEST_F(GuestdExecRead, DoesNotWaitUnlessAsked) {
  const auto pid = start(sh("sleep 1000"));
  GuestdExecReadArgs args;
  args.pid = pid;
  const auto news = read(args);
  ASSERT_TRUE(news);
  EXPECT_TRUE(news->output.empty());
  EXPECT_FALSE(news->exited);
  end(pid);
}

TEST_F(GuestdExecRead, AnswersWithNothingWhenTheWaitIsOver) {
  const auto pid = start(sh("sleep 1000"));
  protocol::Waiting waiting;
  waiting.is_over = false;
  waiting.wake = bell_.rope();
  auto args = read_args(pid);
  args.wait_ms = ~std::uint64_t{0};
  auto waits = guestd_exec_read(bench_.context(), args, waiting);
  ASSERT_TRUE(waits);
  EXPECT_FALSE(*waits);
  EXPECT_EQ(waiting.limit, 1h) << "no longer than that, whatever is asked for";
  waiting.is_over = true;
  const auto over = guestd_exec_read(bench_.context(), args, waiting);
  ASSERT_TRUE(over && *over);
  EXPECT_TRUE((*over)->output.empty());
  end(pid);
}

TEST_F(GuestdExecRead, FollowsBothOutputsToTheirEndsWithOneCallAtATime) {
  auto outcome = run(sh("for i in 1 2 3; do echo out$i; echo err$i >&2; done; exec >&-; echo last >&2"));
  EXPECT_EQ(outcome.out, "out1\nout2\nout3\n");
  EXPECT_EQ(outcome.err, "err1\nerr2\nerr3\nlast\n");
  EXPECT_EQ(outcome.last.exitcode, 0);
}

TEST_F(GuestdExecRead, TellsTheEndOfTheOutputThatIsReadOnceAndThenWaits) {
  const auto pid = start(sh("exec >&-; sleep 1000"));
  auto args = read_args(pid);
  args.stream = GuestdExecStream::kStdout;
  auto first = read(args);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->output.size(), 1U);
  EXPECT_TRUE(first->output[0].eof);
  EXPECT_FALSE(first->finished);
  args.stdout_offset = 0;  // a client that always says where it is
  protocol::Waiting waiting;
  waiting.is_over = false;
  const auto second = guestd_exec_read(bench_.context(), args, waiting);
  ASSERT_TRUE(second);
  EXPECT_FALSE(*second) << "it would ask again and again";
  end(pid);
}

TEST_F(GuestdExecRead, ReadsAgainFromAnyOffsetThatIsKept) {
  const auto pid = start(sh("printf 0123456789"));
  EXPECT_EQ(follow(pid).out, "0123456789");
  auto args = read_args(pid);
  args.stream = GuestdExecStream::kStdout;
  args.stdout_offset = 3;
  args.max_bytes = 4;
  auto again = read(args);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->output[0].data.bytes(), "3456");
  EXPECT_EQ(again->output[0].offset, 3U);
  EXPECT_FALSE(again->output[0].eof);
  EXPECT_FALSE(again->finished);
  args.stdout_offset = 7;
  again = read(args);
  EXPECT_EQ(again->output[0].data.bytes(), "789");
  EXPECT_TRUE(again->output[0].eof);
  EXPECT_TRUE(again->finished);
  args.stdout_offset = 11;
  EXPECT_EQ(error(args), "offset 11 lies behind the 10 bytes that " + name(pid) + " has written to its stdout");
}

TEST_F(GuestdExecRead, GivesEachOutputItsPartWhenBothHaveMuch) {
  const auto pid = start(sh("head -c 100000 /dev/zero; head -c 100000 /dev/zero >&2"));
  ASSERT_TRUE(comes_true([&] { return (*bench_.processes().find(pid))->state().complete; }));
  auto args = read_args(pid);
  args.max_bytes = 10'000;
  auto news = read(args);
  ASSERT_EQ(news->output.size(), 2U);
  EXPECT_EQ(news->output[0].data.bytes().size(), 5'000U);
  EXPECT_EQ(news->output[1].data.bytes().size(), 5'000U);
  args.max_bytes = 100'000'000;
  news = read(args);
  EXPECT_EQ(all_of(news->output[0].data).size() + all_of(news->output[1].data).size(), 190'000U);
}

TEST_F(GuestdExecRead, NeverGivesMoreThanAMebibyteAtOnce) {
  const auto pid = start(sh("head -c 3000000 /dev/zero"));
  ASSERT_TRUE(comes_true([&] { return (*bench_.processes().find(pid))->state().complete; }));
  auto args = read_args(pid);
  args.max_bytes = 100'000'000;
  auto news = read(args);
  EXPECT_EQ(all_of(news->output[0].data).size(), 1U << 20U);
}

TEST_F(GuestdExecRead, SendsTheSameBytesThoughTheyAreDroppedMeanwhile) {
  auto args = sh("head -c 200000 /dev/zero; read x; head -c 300000 /dev/zero | tr '\\0' x");
  args.stdin_ = GuestdExecInput::kStream;
  args.output_limit = 200'000;
  const auto pid = start(args);
  const auto child = *bench_.processes().find(pid);
  ASSERT_TRUE(comes_true([&] { return child->written(ChildStream::kOutput) == 200'000U; }));
  auto asked = read_args(pid);
  asked.max_bytes = 150'000;
  auto news = read(asked);
  ASSERT_TRUE(news);
  ASSERT_TRUE(child->write("\n", std::nullopt, true));
  ASSERT_TRUE(comes_true([&] { return child->state().complete; }));
  EXPECT_EQ(all_of(news->output[0].data), std::string(150'000, '\0'));
  const auto rest = follow(pid);
  EXPECT_EQ(rest.dropped, 150'000U);
  EXPECT_EQ(rest.out, std::string(200'000, 'x'));
}

TEST_F(GuestdExecRead, CountsWhatWasDropped) {
  auto args = sh("head -c 50000 /dev/zero; echo end");
  args.output_limit = 10'000;
  auto oldest = start(args);
  ASSERT_TRUE(comes_true([&] { return (*bench_.processes().find(oldest))->state().complete; }));
  auto outcome = follow(oldest);
  EXPECT_EQ(outcome.dropped, 40'004U);
  EXPECT_EQ(outcome.out.size(), 10'000U);
  EXPECT_TRUE(outcome.out.ends_with("end\n"));
  args.when_full = GuestdExecWhenFull::kDropNewest;
  auto newest = run(args);
  EXPECT_EQ(newest.dropped, 40'004U);
  EXPECT_EQ(newest.out, std::string(10'000, '\0'));
}

TEST_F(GuestdExecRead, LosesNothingOfAProgramThatWaitsForItsReader) {
  auto args = sh("for i in $(seq 200); do head -c 10000 /dev/zero; echo $i; done");
  args.output_limit = 8192;
  args.when_full = GuestdExecWhenFull::kWait;
  auto outcome = run(args);
  EXPECT_EQ(outcome.dropped, 0U);
  std::string expected;
  for (int i = 1; i <= 200; ++i) expected += std::string(10'000, '\0') + std::to_string(i) + "\n";
  EXPECT_TRUE(outcome.out == expected) << outcome.out.size();
  EXPECT_EQ(outcome.last.exitcode, 0);
}

TEST_F(GuestdExecRead, LosesNothingThoughTheReaderIsSlowerThanTheGraceTime) {
  bench_.exec_settings().grace = 1ms;
  bench_.restart();
  // More than is kept, but it fits into the pipe: the program ends long before it is read.
  auto args = sh("head -c 60000 /dev/zero; echo end");
  args.output_limit = 4096;
  args.when_full = GuestdExecWhenFull::kWait;
  args.stderr_ = GuestdExecOutput::kNone;
  const auto pid = start(args);
  ASSERT_TRUE(comes_true([&] { return (*bench_.processes().find(pid))->state().exited; }));
  std::this_thread::sleep_for(20ms);
  const auto outcome = follow(pid);
  EXPECT_EQ(outcome.out.size(), 60'004U);
  EXPECT_EQ(outcome.dropped, 0U);
}

TEST_F(GuestdExecRead, ForgetsWithTheReplyThatSaysFinished) {
  auto args = read_args(start(sh("echo hello")));
  args.forget = true;
  while (true) {
    const auto news = read(args);
    ASSERT_TRUE(news) << news.error().text;
    if (news->finished) break;
  }
  EXPECT_EQ(error(args), name(args.pid) + " does not exist");
}

TEST_F(GuestdExecRead, KeepsWithoutThat) {
  const auto pid = start(sh("echo hello; exit 5"));
  EXPECT_EQ(follow(pid).out, "hello\n");
  EXPECT_EQ(follow(pid).last.exitcode, 5) << "and says so again";
  EXPECT_EQ(wait_for_status(pid).exitcode, 5);
}

TEST_F(GuestdExecRead, ReadsWhatGuestExecHasStarted) {
  ExecArgs args;
  args.path = "/bin/echo";
  args.arg = std::vector<std::string>{"hello"};
  args.capture_output = true;
  const auto started = exec(bench_.context(), args);
  ASSERT_TRUE(started);
  EXPECT_EQ(follow(started->pid).out, "hello\n");
}

TEST_F(GuestdExecRead, SaysWhatIsNotKept) {
  auto args = sh("sleep 1000");
  args.stderr_ = GuestdExecOutput::kNone;
  const auto pid = start(args);
  auto asked = read_args(pid);
  asked.stream = GuestdExecStream::kStderr;
  EXPECT_EQ(error(asked), "the stderr of " + name(pid) + " is not kept");
  asked.stream.reset();
  asked.stderr_offset = 0;
  EXPECT_EQ(error(asked), "the stderr of " + name(pid) + " is not kept");
  asked.pid = 1;
  EXPECT_EQ(error(asked), "PID 1 does not exist");
  end(pid);
}

TEST_F(GuestdExecRead, WaitsForTheEndOfAProgramOfWhichNothingIsKept) {
  auto args = sh("exit 6");
  args.stdout_ = args.stderr_ = GuestdExecOutput::kNone;
  const auto outcome = run(args);
  EXPECT_EQ(outcome.last.exitcode, 6);
  EXPECT_TRUE(outcome.last.output.empty());
}

TEST_F(GuestdExecRead, FollowsASpoolAndCutsItToItsLimit) {
  auto args = sh("for i in $(seq 50); do head -c 10000 /dev/zero; done; echo end");
  args.stdout_ = GuestdExecOutput::kSpool;
  args.output_limit = 20'000;
  args.stderr_ = GuestdExecOutput::kNone;
  const auto pid = start(args);
  ASSERT_TRUE(comes_true([&] { return (*bench_.processes().find(pid))->state().complete; }));
  const auto outcome = follow(pid);
  EXPECT_EQ(outcome.out.size() + outcome.dropped, 500'004U);
  EXPECT_TRUE(outcome.out.ends_with("end\n"));
}

TEST_F(GuestdExecRead, FinishesThoughAGrandchildHoldsTheOutput) {
  bench_.exec_settings().grace = 50ms;
  bench_.restart();
  const auto outcome = run(sh("sleep 1000 & echo $!"));
  EXPECT_TRUE(outcome.last.finished);
  ::kill(std::stoi(outcome.out), SIGKILL);
}

}  // namespace
}  // namespace guestd::commands
