// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/unique_fd.hpp"
#include "commands/child.hpp"
#include "commands/output_store.hpp"
#include "platform/processes.hpp"

namespace guestd::commands {

/// What becomes of an output of a program.
enum class ChildSink : std::uint8_t { kNone, kCapture, kSpool, kMerge };

/// A program as a host asks for it.
struct ExecStart {
  platform::ProcessStart process{};  ///< without descriptors
  UniqueFd program{};                ///< held, and then executed in place of its path
  ProgramIdentity identity{};
  std::array<ChildSink, 2> sinks{};  ///< merge: into the other one
  std::string input{};
  bool input_streams = false;   ///< more follows `input`
  bool input_is_given = false;  ///< the program reads `input`, though it may be empty
  std::optional<std::pair<std::uint16_t, std::uint16_t>>
      terminal{};                           ///< rows and columns; the sinks are of no use then
  std::chrono::milliseconds time_limit{0};  ///< 0: only that of the configuration
  std::size_t output_bytes = 0;             ///< 0: that of the configuration, which is the most
  WhenFull when_full = WhenFull::kDropOldest;
};

}  // namespace guestd::commands
