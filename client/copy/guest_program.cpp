// SPDX-License-Identifier: Apache-2.0
#include "client/copy/guest_program.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "generated/agent/calls.hpp"

namespace guestd::copy {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kFirstPause = 5ms;
constexpr std::chrono::milliseconds kLongestPause = 250ms;

}  // namespace

Result<GuestProgram> GuestProgram::start(const Guest& guest, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (auto told = require_utf8(word); !told) return std::move(told).error();
  }
  agent::ExecArgs args;
  // Names and messages as they are, whatever language the guest speaks.
  args.path = "env";
  args.arg = {"LC_ALL=C"};
  args.arg->insert(args.arg->end(), words.begin(), words.end());
  args.capture_output = true;
  auto started = ask<agent::calls::Exec>(guest, args);
  if (!started) return std::move(started).error();
  return GuestProgram(guest, started->pid);
}

void GuestProgram::kill() { [[maybe_unused]] auto killed = start(*guest_, {"kill", std::to_string(pid_)}); }

Result<ProgramEnd> GuestProgram::wait(terminal::Signals& signals, client::Deadline deadline) {
  for (auto pause = kFirstPause;; pause = std::min(pause * 2, kLongestPause)) {
    auto status = ask<agent::calls::ExecStatus>(*guest_, {.pid = pid_});
    if (!status) return std::move(status).error();
    if (status->exited) {
      return ProgramEnd{status->signal ? 128 + *status->signal : status->exitcode.value_or(0),
                        std::move(status->out_data).value_or(""), std::move(status->err_data).value_or("")};
    }
    if (client::wait_for(signals.fd(), POLLIN, std::min(deadline, client::deadline_in(pause))) && signals.take()) {
      kill();
      return Error{"interrupted", EINTR};
    }
    if (client::Clock::now() >= deadline) {
      kill();
      return Error::timed_out("it takes too long");
    }
  }
}

Result<ProgramEnd> run_in_guest(const Guest& guest, const std::vector<std::string>& words, terminal::Signals& signals) {
  auto program = GuestProgram::start(guest, words);
  if (!program) return std::move(program).error();
  return program->wait(signals, client::Deadline::max());
}

std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace guestd::copy
