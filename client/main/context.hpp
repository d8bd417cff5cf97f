// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "client/lib/connection.hpp"
#include "client/lib/endpoint.hpp"
#include "client/terminal/style.hpp"

namespace guestd::guestctl {

/// What guestctl's exit status says. `exec` and its kind pass the program's own status through.
enum ExitStatus : int {
  kExitDone = 0,
  kExitFailed = 1,       ///< the agent refused, or something on this side went wrong
  kExitUsage = 2,        ///< the command line makes no sense
  kExitUnreachable = 3,  ///< there is no agent, or it went away
  kExitTimedOut = 4,     ///< no answer in time
};

int exit_status_of(const Error& error);

/// What the options that all verbs share say.
struct Context {
  std::optional<client::Endpoint> endpoint;
  std::optional<std::chrono::milliseconds> timeout;  ///< of --timeout; kForever for 0
  std::string monitor;                               ///< of --qmp: path of QEMU's monitor; "" to look for it
  bool lock = true;
  bool json = false;
  terminal::ColourWish colour = terminal::ColourWish::kAuto;
  /// The words behind the options, for verbs that run a program.
  std::vector<std::string> program;

  /// Connects to the agent that was named, or to the only one that is found. A call takes `call_timeout` at most,
  /// unless
  /// --timeout says otherwise.
  [[nodiscard]] Result<std::unique_ptr<client::Connection>> connect(
      std::chrono::milliseconds call_timeout = std::chrono::seconds(5)) const;
  /// The time that a call may take.
  [[nodiscard]] std::chrono::milliseconds limit_or(std::chrono::milliseconds usual) const {
    return timeout.value_or(usual);
  }
  /// For standard output.
  [[nodiscard]] terminal::Style style() const;
};

/// Writes to standard output, which is buffered; main() tells if that failed.
void print(std::string_view text);
/// `guestctl: <text>` on standard error. The text is escaped.
void complain(std::string_view text);
/// `text` as it came: words of guestctl's own, with colours.
void print_error_line(std::string_view text);

}  // namespace guestd::guestctl
