// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/raw_json.hpp"

/// The envelope of events: `{"timestamp": {"seconds": S, "microseconds": U}, "event": NAME, "data": {...}}`.
namespace guestd::protocol {

/// When an event happened, in the sender's real time; -1 in both members if its clock failed.
struct Timestamp {
  std::int64_t seconds = 0;
  std::int64_t microseconds = 0;

  bool operator==(const Timestamp&) const = default;
};

/// An event that the schema does not have, from a sender that is newer.
struct UnknownEvent {
  std::string name;
  RawJson data;  ///< `null` if there was none
  Timestamp timestamp{};
};

struct EventEnvelope {
  std::string_view name;  ///< this and `data` live as long as the message
  std::optional<JsonView> data;
  Timestamp timestamp{};
};

/// Whether a message is an event and not a reply.
bool is_event(JsonView message);
/// Unknown members are ignored.
Result<EventEnvelope> read_event(JsonView message);
/// Leaves the object open for `data`.
void begin_event(JsonWriter& out, std::string_view name, const Timestamp& timestamp);

}  // namespace guestd::protocol
