// SPDX-License-Identifier: Apache-2.0
#include "client/main/capabilities.hpp"

#include <utility>

#include "generated/agent/calls.hpp"

namespace guestd::guestctl {

Result<Capabilities> Capabilities::of(client::Connection& connection) {
  auto info = agent::info(connection);
  if (!info) return std::move(info).error();
  std::set<std::string, std::less<>> commands;
  for (auto& command : info->supported_commands) {
    if (command.enabled) commands.insert(std::move(command.name));
  }
  return Capabilities(std::move(commands));
}

}  // namespace guestd::guestctl
