// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <span>
#include <string>

#include "base/limits.hpp"
#include "protocol/base64.hpp"
#include "tests/commands/exec_bench.hpp"

namespace guestd::commands {
namespace {

using testing::HasSubstr;

struct How {
  std::optional<std::uint64_t> offset{};
  bool eof = false;
  bool waits = false;
};

class GuestdExecWrite : public ExecTest {
 protected:
  static GuestdExecArgs fed(const std::string& script) {
    auto args = sh(script);
    args.stdin_ = GuestdExecInput::kStream;
    return args;
  }
  /// Nothing: it wants to wait.
  Result<std::optional<GuestdExecWriteResult>> try_write(std::int64_t pid, std::string_view bytes, How how) {
    text_.clear();
    protocol::base64::encode(std::as_bytes(std::span(bytes)), text_);
    GuestdExecWriteArgs args;
    args.pid = pid;
    args.data = protocol::Base64Text(text_);
    args.eof = how.eof;
    args.offset = how.offset;
    args.wait_ms = how.waits ? 60'000 : 0;
    protocol::Waiting waiting;
    waiting.is_over = !how.waits;
    waiting.wake = bell_.rope();
    return guestd_exec_write(bench_.context(), args, waiting);
  }
  GuestdExecWriteResult write(std::int64_t pid, std::string_view bytes, How how = {}) {
    auto written = try_write(pid, bytes, how);
    EXPECT_TRUE(written) << written.error().text;
    return written && *written ? **written : GuestdExecWriteResult{};
  }
  std::string error(std::int64_t pid, How how = {}) {
    const auto written = try_write(pid, "x", how);
    return written ? "(written)" : written.error().text;
  }
  static std::string name(std::int64_t pid) { return "PID " + std::to_string(pid); }

  std::string text_;
};

TEST_F(GuestdExecWrite, FeedsAProgramWhileItRuns) {
  const auto pid = start(fed("while read line; do echo got $line; done; echo end"));
  EXPECT_EQ(write(pid, "one\n").next_offset, 4U);
  auto news = read(read_args(pid));
  ASSERT_TRUE(news);
  EXPECT_EQ(news->output[0].data.bytes(), "got one\n");
  const auto last = write(pid, "two\n", {.eof = true});
  EXPECT_EQ(last.count, 4U);
  EXPECT_EQ(last.next_offset, 8U);
  EXPECT_EQ(follow(pid).out, "got two\nend\n");
}

TEST_F(GuestdExecWrite, BeginsWithTheDataOfTheStart) {
  auto args = fed("cat");
  std::string data = "Zmlyc3Qg";
  args.input_data = protocol::Base64Text(data);
  const auto pid = start(args);
  EXPECT_EQ(write(pid, "second", {.eof = true}).next_offset, 12U);
  EXPECT_EQ(follow(pid).out, "first second");
}

TEST_F(GuestdExecWrite, TellsHowMuchWasTaken) {
  const std::string go = bench_.dir() / "go";
  const auto pid = start(fed("until [ -e " + go + " ]; do sleep 0.01; done; wc -c"));
  const std::string much(3 << 20U, 'x');
  const auto first = write(pid, much);
  EXPECT_GT(first.count, limits::kExecInputBytes / 2);
  EXPECT_LT(first.count, much.size());
  std::uint64_t total = first.count;
  // The pipe has taken some of it; then it is full.
  while (write(pid, much).count > 0) total = write(pid, "").next_offset;
  const auto waiting = try_write(pid, much, {.waits = true});
  ASSERT_TRUE(waiting);
  EXPECT_FALSE(*waiting);
  bench_.dir().write("go", "");
  EXPECT_TRUE(bell_.wait()) << "there is room again";
  total = write(pid, "", {.eof = true}).next_offset;
  EXPECT_EQ(follow(pid).out, std::to_string(total) + "\n");
}

TEST_F(GuestdExecWrite, TakesNothingTwice) {
  const auto pid = start(fed("cat"));
  EXPECT_EQ(write(pid, "hello", {.offset = 0}).next_offset, 5U);
  const auto again = write(pid, "hello", {.offset = 0});
  EXPECT_EQ(again.count, 5U);
  EXPECT_EQ(again.next_offset, 5U);
  EXPECT_EQ(write(pid, "lo world", {.offset = 3, .eof = true}).next_offset, 11U);
  EXPECT_EQ(write(pid, "lo world", {.offset = 3, .eof = true}).next_offset, 11U) << "the last one, too";
  EXPECT_EQ(follow(pid).out, "hello world");
}

TEST_F(GuestdExecWrite, SaysWhyAProgramTakesNothing) {
  const auto pid = start(sh("sleep 1000"));
  EXPECT_EQ(error(pid), name(pid) + " was started without a stream as its stdin");
  ::kill(-static_cast<pid_t>(pid), SIGKILL);
  const auto cat = start(fed("cat"));
  EXPECT_EQ(error(cat, {.offset = 7}), "offset 7 lies behind the 0 bytes that " + name(cat) + " was given");
  (void)write(cat, "", {.eof = true});
  EXPECT_EQ(error(cat), "the input of " + name(cat) + " was ended before");
  const auto closed = start(fed("exec <&-; echo closed; sleep 1000"));
  (void)read(read_args(closed));
  EXPECT_TRUE(
      comes_true([&] { return error(closed) == name(closed) + " takes no more input: it has closed it, or ended"; }));
  ::kill(-static_cast<pid_t>(closed), SIGKILL);
  EXPECT_EQ(error(1), "PID 1 does not exist");
}

TEST_F(GuestdExecWrite, TypesOnATerminal) {
  auto args = sh("read line; echo got $line; cat; echo end");
  args.pty = GuestdExecTerminal{};
  const auto pid = start(args);
  (void)write(pid, "hello\n");
  (void)write(pid, "", {.eof = true});
  EXPECT_THAT(follow(pid).out, HasSubstr("got hello\r\n"));
}

}  // namespace
}  // namespace guestd::commands
