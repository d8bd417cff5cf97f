// SPDX-License-Identifier: Apache-2.0
#include "client/copy/guest_program.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "generated/agent/calls.hpp"

namespace guestd::copy {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kFirstPause = 5ms;
constexpr std::chrono::milliseconds kLongestPause = 250ms;

Result<std::int64_t> start(const Guest& guest, const std::vector<std::string>& words) {
  agent::ExecArgs args;
  // Names and messages as they are, whatever language the guest speaks.
  args.path = "env";
  args.arg = {"LC_ALL=C"};
  args.arg->insert(args.arg->end(), words.begin(), words.end());
  args.capture_output = true;
  auto started = ask<agent::calls::Exec>(guest, args);
  if (!started) return std::move(started).error();
  return started->pid;
}

}  // namespace

Result<ProgramEnd> run_in_guest(const Guest& guest, const std::vector<std::string>& words, terminal::Signals& signals) {
  auto pid = start(guest, words);
  if (!pid) return std::move(pid).error();
  for (auto pause = kFirstPause;; pause = std::min(pause * 2, kLongestPause)) {
    auto status = ask<agent::calls::ExecStatus>(guest, {.pid = *pid});
    if (!status) return std::move(status).error();
    if (status->exited) {
      return ProgramEnd{status->signal ? 128 + *status->signal : status->exitcode.value_or(0),
                        std::move(status->out_data).value_or(""), std::move(status->err_data).value_or("")};
    }
    pollfd entry{signals.fd(), POLLIN, 0};
    if (::poll(&entry, 1, static_cast<int>(pause.count())) <= 0 || !signals.take()) continue;
    [[maybe_unused]] auto killed = start(guest, {"kill", std::to_string(*pid)});
    return Error{"interrupted"};
  }
}

}  // namespace guestd::copy
