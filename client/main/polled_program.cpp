// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "client/main/context.hpp"
#include "client/main/remote_program.hpp"
#include "client/terminal/output.hpp"
#include "client/terminal/signals.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

using namespace std::chrono_literals;

/// A request is 64 MiB at most, and base64 takes a third more.
constexpr std::size_t kInputBytes = std::size_t{32} << 20U;
constexpr std::chrono::milliseconds kFirstPause = 5ms;
constexpr std::chrono::milliseconds kLongestPause = 250ms;
/// Replies with captured output are large.
constexpr std::chrono::milliseconds kAnswer = 60s;

Result<std::string> whole_input() {
  std::string input;
  std::array<char, 65536> piece{};
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error::from_errno("cannot read standard input", errno);
    if (got == 0) return input;
    input.append(piece.data(), static_cast<std::size_t>(got));
    if (input.size() > kInputBytes) {
      return Error{"this agent takes all input at once, and 32 MiB at most; guestd takes it as it comes"};
    }
  }
}

/// env(1) adds to the agent's variables, and goes to a folder; guest-exec itself can only replace all variables.
agent::ExecArgs start_arguments(const RemoteProgram& program) {
  agent::ExecArgs args;
  std::vector<std::string> words;
  if (program.folder || !program.environment.empty()) {
    words.emplace_back("env");
    if (program.folder) words.insert(words.end(), {"-C", *program.folder});
    words.insert(words.end(), program.environment.begin(), program.environment.end());
  }
  words.insert(words.end(), program.words.begin(), program.words.end());
  args.path = words.front();
  args.arg.emplace(words.begin() + 1, words.end());
  args.capture_output = true;
  return args;
}

/// A program of an agent that can only be asked whether it has ended.
class PolledProgram {
 public:
  PolledProgram(client::Connection& connection, const RemoteProgram& program)
      : connection_(connection), program_(program) {}

  Result<int> run() {
    agent::ExecArgs args = start_arguments(program_);
    if (program_.interactive) {
      auto input = whole_input();
      if (!input) return std::move(input).error();
      args.input_data = *std::move(input);
    }
    // From here on a signal is for the program in the guest.
    terminal::Signals signals{SIGINT, SIGTERM, SIGQUIT, SIGHUP};
    auto reply = connection_.call(protocol::make_call<agent::calls::Exec>(args), kAnswer);
    if (!reply) return std::move(reply).error();
    auto started = protocol::read_reply<agent::calls::Exec>(*reply);
    if (!started) return std::move(started).error();
    pid_ = started->pid;
    if (program_.time_limit) limit_ = client::deadline_in(*program_.time_limit);
    return follow(signals);
  }

 private:
  Result<int> follow(terminal::Signals& signals) {
    for (auto pause = kFirstPause;; pause = std::min(pause * 2, kLongestPause)) {
      auto status = ask();
      if (!status) return std::move(status).error();
      if (status->exited) return end(*status);
      pollfd entry{signals.fd(), POLLIN, 0};
      ::poll(&entry, 1, static_cast<int>(pause.count()));
      if (const auto number = signals.take()) kill(*number);
      if (!timed_out_ && client::Clock::now() >= limit_) {
        timed_out_ = true;
        kill(SIGTERM);
      }
    }
  }

  Result<agent::GuestExecStatus> ask() {
    auto reply = connection_.call(protocol::make_call<agent::calls::ExecStatus>({.pid = pid_}), kAnswer);
    if (!reply) return std::move(reply).error();
    return protocol::read_reply<agent::calls::ExecStatus>(*reply);
  }

  Result<int> end(const agent::GuestExecStatus& status) {
    terminal::Output out(STDOUT_FILENO, terminal::Output::Form::kSafe);
    terminal::Output err(STDERR_FILENO, terminal::Output::Form::kSafe);
    if (status.out_data && !(out.write(*status.out_data) && out.finish())) return kExitFailed;
    if (status.err_data && !(err.write(*status.err_data) && err.finish())) return kExitFailed;
    if (status.out_truncated.value_or(false) || status.err_truncated.value_or(false)) {
      complain("the agent has kept only the beginning of the output");
    }
    if (timed_out_) return Error::timed_out(program_.words.front() + " has reached its time limit");
    return static_cast<int>(status.signal ? 128 + *status.signal : status.exitcode.value_or(0));
  }

  /// The agent has no command for it, but the guest has a program.
  void kill(int number) {
    agent::ExecArgs args;
    args.path = "kill";
    args.arg = {"-" + std::to_string(number), std::to_string(pid_)};
    if (auto sent = agent::exec(connection_, args); !sent) {
      complain("cannot pass the signal on: " + sent.error().text);
    }
  }

  client::Connection& connection_;
  const RemoteProgram& program_;
  std::int64_t pid_ = 0;
  client::Deadline limit_ = client::Deadline::max();
  bool timed_out_ = false;
};

}  // namespace

Result<int> run_polled(client::Connection& connection, const RemoteProgram& program) {
  return PolledProgram(connection, program).run();
}

}  // namespace guestd::guestctl
