// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/program.hpp"
#include "platform/root.hpp"
#include "platform/system_bus.hpp"

namespace guestd::platform {

/// An active connection of NetworkManager.
struct ActiveConnection {
  std::string uuid;
  std::string device;
};

/// The output of `nmcli -t -f UUID,TYPE,DEVICE connection show --active`, without connections that have no lease:
/// loopback, tunnels and the like. Lines of another shape are passed over.
std::vector<ActiveConnection> parse_active_connections(std::string_view text);

/// Asks for new leases, by the service that manages the network: systemd-networkd, NetworkManager or dhcpcd. Returns
/// which one it was, and for how many links: `systemd-networkd: 2 links`. Kind::kUnsupported if none of them runs.
Result<std::string> renew_leases(const Root& root, const SystemBus& bus, Programs& programs);

}  // namespace guestd::platform
