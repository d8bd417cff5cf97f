// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"

/// The client's side of a command, below the generated stubs. For each command, generated code has a struct C (in the
/// namespace `calls`) with
///     using Arguments, Returns;                 NoArguments where there are none; void where nothing is returned
///     kName, kSuccessResponse                   as in the schema
///     void encode(const Arguments&, JsonWriter&)  writes the object of the arguments
///     Result<Returns> decode(JsonView)            reads the value of `return`; unknown members are ignored
/// A client that waits uses perform(); one that does not sends make_call<C>(), and hands what comes to read_reply<C>().
namespace guestd::protocol {

/// A request without its envelope.
struct Call {
  std::string_view command;      ///< a literal of the generated code
  std::string arguments;         ///< a JSON object; empty: none
  bool success_response = true;  ///< false: on success the agent sends nothing at all
};

/// `{"execute": C, "arguments": {...}}` on one line, without newline. An id is `"id": <id>` at its end.
std::string request_text(const Call& call, std::optional<std::int64_t> id = std::nullopt);

/// The value of `return` inside a reply, valid as long as the reply; the error that the agent sent (CommandNotFound is
/// Kind::kUnsupported); or what is wrong with the envelope. Unknown members are ignored.
Result<JsonView> returned(const JsonDocument& reply);

/// A connection to an agent on which one can wait. Implementations say which threads may call.
class Caller {
 public:
  virtual ~Caller() = default;
  /// Sends the request and returns the whole reply to it, errors of the agent included. Its own errors are those of the
  /// connection. nullopt: the command has no success response, and no error came in the time that the implementation
  /// gives it.
  virtual Result<std::optional<JsonDocument>> call(const Call& call) = 0;
};

/// The arguments of commands that have none.
struct NoArguments {};

template <typename C>
Call make_call(const typename C::Arguments& arguments) {
  Call call{C::kName, {}, C::kSuccessResponse};
  if constexpr (!std::same_as<typename C::Arguments, NoArguments>) {
    JsonWriter writer;
    C::encode(arguments, writer);
    call.arguments = writer.take_text();
  }
  return call;
}

/// `reply` as Caller::call returns it.
template <typename C>
Result<typename C::Returns> read_reply(const std::optional<JsonDocument>& reply) {
  if (!reply) {
    if constexpr (std::same_as<typename C::Returns, void>) return {};
    return Error{"no reply to " + std::string(C::kName)};
  }
  auto value = returned(*reply);
  if (!value) return std::move(value).error();
  auto decoded = C::decode(*value);
  if (!decoded) return std::move(decoded).error().with_context("the reply to " + std::string(C::kName));
  return decoded;
}

template <typename C>
Result<typename C::Returns> perform(Caller& caller, const typename C::Arguments& arguments) {
  auto reply = caller.call(make_call<C>(arguments));
  if (!reply) return std::move(reply).error();
  return read_reply<C>(*reply);
}

}  // namespace guestd::protocol
