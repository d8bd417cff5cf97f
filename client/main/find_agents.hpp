// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "client/lib/endpoint.hpp"

namespace guestd::guestctl {

/// An agent's socket that is where such sockets usually are.
struct FoundAgent {
  std::string name;  ///< of the virtual machine, as far as the path tells
  client::Endpoint endpoint;
};

/// Those of client::find_machines() that have a socket and are not another user's. Connects to nothing.
std::vector<FoundAgent> find_agents(const std::string& root = "");

}  // namespace guestd::guestctl
