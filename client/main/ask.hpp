// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "client/lib/connection.hpp"
#include "client/main/capabilities.hpp"
#include "client/main/context.hpp"
#include "client/main/json_text.hpp"
#include "protocol/call.hpp"

/// What verbs have in common that ask and show.
namespace guestd::guestctl {

/// Like a generated stub, with a time of its own.
template <typename C>
Result<typename C::Returns> ask(client::Connection& connection, const typename C::Arguments& arguments,
                                std::chrono::milliseconds limit) {
  auto reply = connection.call(protocol::make_call<C>(arguments), limit);
  if (!reply) return std::move(reply).error();
  return protocol::read_reply<C>(*reply);
}

/// Asks one command on a connection of its own and prints the answer: with --json as it came, else as `text` makes of
/// it.
template <typename C, typename Text>
Result<int> show(const Context& context, const typename C::Arguments& arguments, Text text) {
  auto connection = context.connect();
  if (!connection) return std::move(connection).error();
  auto reply = (*connection)->call(protocol::make_call<C>(arguments));
  if (!reply) return std::move(reply).error();
  if (context.json) {
    const auto value = protocol::returned(**reply);
    if (!value) return value.error();
    print(json_line(*value) + "\n");
    return kExitDone;
  }
  auto read = protocol::read_reply<C>(*reply);
  if (!read) return std::move(read).error();
  print(text(*read));
  return kExitDone;
}

/// A member of what print_json() prints.
struct Part {
  std::string_view name;
  protocol::Call call;
};

/// An object with the answers as they came. Commands that the agent does not have, or refuses, are left out.
Result<int> print_json(client::Connection& connection, const Capabilities& agent, const std::vector<Part>& parts);

/// `2 file systems`, `1 file system`.
std::string counted(std::int64_t count, std::string_view one, std::string_view many);

}  // namespace guestd::guestctl
