// SPDX-License-Identifier: Apache-2.0
#include "client/main/ask.hpp"

#include "protocol/json_writer.hpp"

namespace guestd::guestctl {

Result<int> print_json(client::Connection& connection, const Capabilities& agent, const std::vector<Part>& parts) {
  protocol::JsonWriter out;
  out.begin_object();
  for (const Part& part : parts) {
    if (!agent.has(part.call.command)) continue;
    auto reply = connection.call(part.call);
    if (!reply) return std::move(reply).error();
    const auto value = protocol::returned(**reply);
    if (!value) continue;
    out.key(part.name);
    out.value(*value);
  }
  out.end_object();
  print(out.take_text() + "\n");
  return kExitDone;
}

std::string counted(std::int64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace guestd::guestctl
