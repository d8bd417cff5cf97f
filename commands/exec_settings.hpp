// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace guestd::commands {

/// What the configuration says about programs that the host starts (docs/exec.md).
struct ExecSettings {
  std::string state_directory{};
  std::size_t processes = 64;                          ///< at once
  std::size_t output_bytes = std::size_t{16} << 20U;   ///< kept of each output
  std::size_t memory_bytes = std::size_t{256} << 20U;  ///< for all kept output together
  std::chrono::milliseconds time_limit{0};             ///< for each program; 0: none
  std::chrono::milliseconds grace{1000};               ///< for output that is held open behind the end of its program
  std::size_t kept_results = 256;                      ///< of programs that have ended and that nobody has asked for
  std::chrono::seconds kept_time{3600};
  /// What an administrator ought to know. Called on any thread.
  std::function<void(const std::string&)> tell = [](const std::string&) {};

  // Not configured; tests make them short.
  std::chrono::milliseconds kill_delay{2000};  ///< between SIGTERM and SIGKILL
  std::chrono::milliseconds scope_delay{100};  ///< a program that runs for longer gets a unit of systemd
};

}  // namespace guestd::commands
