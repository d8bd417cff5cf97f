// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "client/lib/connection.hpp"
#include "client/main/capabilities.hpp"

namespace guestd::guestctl {

/// A program to run in the guest, with this process's standard streams as its own.
struct RemoteProgram {
  std::vector<std::string> words;        ///< the program and its arguments
  std::vector<std::string> environment;  ///< NAME=VALUE, beside the agent's own
  std::optional<std::string> folder;
  std::optional<std::string> user;
  bool interactive = false;  ///< hand on standard input
  bool terminal = false;     ///< give it a terminal
  std::optional<std::chrono::milliseconds> time_limit;
};

/// Runs it to its end, and returns its exit status (128 and the number of the signal that ended it). What it writes is
/// passed on as it comes, signals that this process gets too. With an agent that only has guest-exec, the output comes
/// at the end, and what such an agent cannot do is an error before anything is started.
Result<int> run_in_guest(client::Connection& connection, const Capabilities& agent, const RemoteProgram& program);

// The two ways.
Result<int> run_streamed(client::Connection& connection, const RemoteProgram& program);
Result<int> run_polled(client::Connection& connection, const RemoteProgram& program);

}  // namespace guestd::guestctl
