// SPDX-License-Identifier: Apache-2.0
#include "client/main/find_agents.hpp"

#include <utility>

#include "client/lib/machines.hpp"

namespace guestd::guestctl {

std::vector<FoundAgent> find_agents(const std::string& root) {
  std::vector<FoundAgent> found;
  for (client::Machine& machine : client::find_machines(root)) {
    if (!machine.agent || machine.agent->socket.empty() || machine.of_other_user) continue;
    found.push_back({std::move(machine.name), client::UnixEndpoint{std::move(machine.agent->socket)}});
  }
  return found;
}

}  // namespace guestd::guestctl
