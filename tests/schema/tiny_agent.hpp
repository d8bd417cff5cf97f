// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "generated/tiny/types.hpp"
#include "protocol/dispatch.hpp"

namespace guestd::commands {

/// What the handlers of the tiny schema were given and what they answer.
struct Context {
  std::optional<tiny::PutArgs> put;
  std::optional<tiny::DrawArgs> draw;
  std::optional<std::string> sent;
  std::optional<tiny::NumbersArgs> numbers;
  tiny::Bytes bytes;
  tiny::Where where;
  std::vector<tiny::Shape> shapes;
  std::optional<Error> error;
  std::optional<std::string> at_hand;  // for guest-maybe
};

}  // namespace guestd::commands

namespace guestd::tiny {

/// Runs a command on `arguments` (JSON; empty: none) and returns its result as text, or `error: <text>`.
std::string call(commands::Context& context, std::string_view name, std::string_view arguments,
                 protocol::ReplySink* sink = nullptr);

/// The same by the handler that never waits; nothing if it leaves the command to the other.
std::optional<std::string> call_at_once(commands::Context& context, std::string_view name, std::string_view arguments);

/// The same by the handler that may want to wait; nothing if it does.
std::optional<std::string> call_waiting(commands::Context& context, std::string_view name, std::string_view arguments,
                                        protocol::Waiting& waiting);

}  // namespace guestd::tiny
