// SPDX-License-Identifier: Apache-2.0
#include "protocol/event.hpp"

#include <utility>

#include "protocol/decode_members.hpp"

namespace guestd::protocol {
namespace {

Result<Timestamp> read_timestamp(JsonView value, std::string_view name) {
  if (auto checked = decode::object(value, name); !checked) return std::move(checked).error();
  Timestamp out;
  auto seconds = decode::required(value, name, "seconds", decode::integer, out.seconds);
  if (!seconds) return std::move(seconds).error();
  auto microseconds = decode::required(value, name, "microseconds", decode::integer, out.microseconds);
  if (!microseconds) return std::move(microseconds).error();
  return out;
}

}  // namespace

bool is_event(JsonView message) { return message.is(JsonType::kObject) && message.find("event").has_value(); }

Result<EventEnvelope> read_event(JsonView message) {
  if (!is_event(message)) return Error{"not an event: member 'event' is missing"};
  const JsonView name = *message.find("event");
  if (!name.is(JsonType::kString)) return decode::wrong_type("event", "string");
  EventEnvelope out;
  out.name = name.as_string();
  out.data = message.find("data");
  auto timestamp = decode::required(message, "", "timestamp", read_timestamp, out.timestamp);
  if (!timestamp) return std::move(timestamp).error();
  return out;
}

void begin_event(JsonWriter& out, std::string_view name, const Timestamp& timestamp) {
  out.begin_object();
  out.key("timestamp");
  out.begin_object();
  out.key("seconds");
  out.integer(timestamp.seconds);
  out.key("microseconds");
  out.integer(timestamp.microseconds);
  out.end_object();
  out.key("event");
  out.string(name);
}

}  // namespace guestd::protocol
