// SPDX-License-Identifier: Apache-2.0
#include "protocol/call.hpp"

namespace guestd::protocol {
namespace {

Error unusable(std::string_view why) { return Error{"not a reply: " + std::string(why)}; }

Error sent_error(JsonView error) {
  const auto text = error.is(JsonType::kObject) ? error.find("desc") : std::nullopt;
  if (!text || !text->is(JsonType::kString)) return unusable("member 'error' without 'desc'");
  const auto kind = error.find("class");
  const bool unsupported = kind && kind->is(JsonType::kString) && kind->as_string() == "CommandNotFound";
  if (unsupported) return Error::unsupported(std::string(text->as_string()));
  return Error{std::string(text->as_string())};
}

}  // namespace

std::string request_text(const Call& call, std::optional<std::int64_t> id) {
  JsonWriter writer;
  writer.begin_object();
  writer.key("execute");
  writer.string(call.command);
  if (!call.arguments.empty()) {
    writer.key("arguments");
    writer.json(call.arguments);
  }
  if (id) {
    writer.key("id");
    writer.integer(*id);
  }
  writer.end_object();
  return writer.take_text();
}

Result<JsonView> returned(const JsonDocument& reply) {
  const JsonView root = reply.root();
  if (!root.is(JsonType::kObject)) return unusable("it is no object");
  if (const auto error = root.find("error")) return sent_error(*error);
  if (const auto value = root.find("return")) return *value;
  return unusable("it has neither 'return' nor 'error'");
}

}  // namespace guestd::protocol
