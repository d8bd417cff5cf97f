// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "commands/process_table.hpp"
#include "generated/commands.hpp"
#include "protocol/dispatch.hpp"
#include "tests/commands/command_bench.hpp"

namespace guestd::commands {

using namespace std::chrono_literals;

/// How long a test waits for a program, also on a busy machine.
inline constexpr std::chrono::seconds kExecPatience{60};

/// Asks again until `condition` holds.
template <typename Condition>
bool comes_true(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + kExecPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

/// Of the test's own process.
inline std::size_t own_threads() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}

/// Waits as a session does, but in the thread of the test.
class Bell {
 public:
  [[nodiscard]] std::function<void()> rope() {
    return [state = state_] {
      const std::lock_guard lock(state->mutex);
      state->rung = true;
      state->changed.notify_all();
    };
  }
  bool wait() {
    std::unique_lock lock(state_->mutex);
    const bool rung = state_->changed.wait_for(lock, kExecPatience, [this] { return state_->rung; });
    state_->rung = false;
    return rung;
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    bool rung = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// What a program has written, and how it ended.
struct ExecOutcome {
  std::string out;
  std::string err;
  std::uint64_t dropped = 0;
  GuestdExecRead last{};
};

/// Programs on a bench: a shell script is the program in most tests.
class ExecTest : public testing::Test {
 protected:
  // As the agent does (daemon/main.cpp): a program that has gone is an error of a write.
  ExecTest() { std::signal(SIGPIPE, SIG_IGN); }

  static GuestdExecArgs sh(const std::string& script) {
    GuestdExecArgs args;
    args.path = "/bin/sh";
    args.args = std::vector<std::string>{"-c", script};
    return args;
  }
  std::int64_t start(const GuestdExecArgs& args) {
    const auto started = guestd_exec(bench_.context(), args);
    EXPECT_TRUE(started) << started.error().text;
    return started ? started->pid : -1;
  }
  std::string start_error(const GuestdExecArgs& args) {
    const auto started = guestd_exec(bench_.context(), args);
    return started ? "(started)" : started.error().text;
  }

  /// One answer, waited for if `args` say so.
  Result<GuestdExecReadResult> read(const GuestdExecReadArgs& args) {
    while (true) {
      protocol::Waiting waiting;
      waiting.is_over = false;
      waiting.wake = bell_.rope();
      auto result = guestd_exec_read(bench_.context(), args, waiting);
      if (!result) return std::move(result).error();
      if (*result) return **std::move(result);
      if (!bell_.wait()) return Error{"(no news)"};
    }
  }
  static GuestdExecReadArgs read_args(std::int64_t pid) {
    GuestdExecReadArgs args;
    args.pid = pid;
    args.wait_ms = 60'000;
    return args;
  }
  /// Follows a program to its end.
  ExecOutcome follow(std::int64_t pid) {
    ExecOutcome outcome;
    auto args = read_args(pid);
    args.max_bytes = 1 << 20;
    while (!outcome.last.finished) {
      auto news = read(args);
      EXPECT_TRUE(news) << news.error().text;
      if (!news) return outcome;
      for (GuestdExecPiece& piece : news->output) {
        (piece.stream == GuestdExecStream::kStdout ? outcome.out : outcome.err) += all_of(piece.data);
        outcome.dropped += piece.dropped_bytes;
      }
      outcome.last = std::move(*news);
    }
    return outcome;
  }
  ExecOutcome run(const GuestdExecArgs& args) { return follow(start(args)); }

  /// As a host of qemu-ga does: asks until it has ended.
  ExecStatusResult wait_for_status(std::int64_t pid) {
    std::optional<ExecStatusResult> last;
    comes_true([&] {
      auto status = exec_status(bench_.context(), {.pid = pid});
      EXPECT_TRUE(status) << status.error().text;
      if (!status) return true;
      last = *std::move(status);
      return last->exited;
    });
    return last ? *std::move(last) : ExecStatusResult{};
  }
  static std::string all_of(protocol::ByteStream& data) {
    if (data.is_buffered()) return data.bytes();
    std::string all;
    std::string piece(100'000, '\0');
    for (std::size_t got = piece.size(); got == piece.size();) {
      got = data.pull(std::as_writable_bytes(std::span(piece)));
      all.append(piece, 0, got);
    }
    return all;
  }
  static std::string bytes_of(ExecStatusResult& status, std::optional<protocol::ByteStream>& data) {
    if (!data) return "(none)";
    std::string all = all_of(*data);
    if (status.complete) status.complete(status);
    return all;
  }

  CommandBench bench_;
  Bell bell_;
};

}  // namespace guestd::commands
