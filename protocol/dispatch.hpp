// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"

/// What generated code and the daemon share: the shape of the command table.
namespace guestd::commands {
struct Context;
}

namespace guestd::protocol {

/// The wait of one request for news (feature `waits`). The handler runs on the I/O thread and never blocks: as long as
/// there is nothing to tell it returns nothing, and is called again when it was woken, with the same arguments.
struct Waiting {
  /// The wait is over, or was none: the handler has to answer now.
  bool is_over = true;
  /// Set by a handler that wants to wait: how long at most, counted from its first call.
  std::chrono::milliseconds limit{};
  /// Calls the handler again. To be called from any thread, any number of times, also after the end of everything.
  std::function<void()> wake{};
};

/// One command of the schema. All of it is constant; the table lives as long as the process.
struct CommandEntry {
  std::string_view name;                       ///< on the wire
  std::span<const std::string_view> features;  ///< of the schema; the daemon gives meaning to some of them
  bool success_response = true;                ///< false: nothing is sent on success
  bool coroutine = false;                      ///< may block: runs on a worker
  /// Decodes the arguments (`arguments` may be nullptr: none were given), runs the command, writes its result as one
  /// JSON value into `out`. Nothing is written on an error. nullptr: the schema has the command, this agent does not
  /// (`'gen': false`).
  Result<void> (*run)(commands::Context& context, const JsonView* arguments, JsonWriter& out) = nullptr;

  /// For a command that mostly need not wait (feature `at-once`), though it may: as `run`, but it never waits. False:
  /// it would have to, or something is wrong; then nothing has happened, and `run` tells.
  bool (*run_at_once)(commands::Context& context, const JsonView* arguments, JsonWriter& out) = nullptr;

  /// For a command that waits (feature `waits`): as `run`, but false, with nothing written, if it wants to wait.
  Result<bool> (*run_waiting)(commands::Context& context, const JsonView* arguments, JsonWriter& out,
                              Waiting& waiting) = nullptr;
  /// The schema file that the command stands in, without folder and ending: `files`, `fsfreeze`.
  std::string_view family{};
  /// The arguments that carry the feature `object`: what a record of the command names.
  std::span<const std::string_view> objects{};

  [[nodiscard]] bool has_feature(std::string_view feature) const;
};

/// All commands in the order of the schema. Defined by generated code.
std::span<const CommandEntry> command_table();

}  // namespace guestd::protocol
