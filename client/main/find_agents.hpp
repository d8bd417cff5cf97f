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

/// Looks below `root` ("" is the whole machine), in the places of Proxmox VE (`/run/qemu-server/<number>.qga`) and
/// libvirt (`.../channel/target/domain-<n>-<name>/org.qemu.guest_agent.0`). Connects to nothing.
std::vector<FoundAgent> find_agents(const std::string& root = "");

}  // namespace guestd::guestctl
