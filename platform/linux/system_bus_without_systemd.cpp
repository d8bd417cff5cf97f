// SPDX-License-Identifier: Apache-2.0
#include "platform/system_bus.hpp"

namespace guestd::platform {

constexpr const char* kReason = "guestd was built without D-Bus";

std::unique_ptr<SystemBus> system_bus() { return no_system_bus(kReason); }

Result<std::unique_ptr<BusConnection>> connect_to_bus_peer([[maybe_unused]] UniqueFd socket) {
  return Error::unsupported(kReason);
}

}  // namespace guestd::platform
