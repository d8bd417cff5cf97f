// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "client/lib/monitor.hpp"

namespace guestd::guestctl {

/// A port of a virtio-serial device, as QEMU's objects have it.
struct VirtioPort {
  std::string path;     ///< of the object
  std::string name;     ///< in the guest: `org.qemu.guest_agent.0`
  std::string chardev;  ///< id of its character device
  std::string device;   ///< the virtio device that it belongs to, as x-query-virtio lists it; "" if that is not known
  std::uint32_t number = 0;
};

/// All of them. Errors are those of the monitor.
Result<std::vector<VirtioPort>> virtio_ports(client::Monitor& monitor);

/// How the two queues of a port are doing. There is nothing where QEMU does not tell (before 7.2), or the driver has
/// not set them up.
struct PortQueues {
  /// Messages of the host that the guest has got and not given back: what the agent has not read.
  std::optional<unsigned> unread;
  /// Buffers that QEMU has taken of either queue and does not give back.
  unsigned in_use = 0;
};
PortQueues port_queues(client::Monitor& monitor, const VirtioPort& port);

/// How far the guest's driver has come with a virtio device.
enum class DriverState { kUnknown, kAbsent, kStarting, kReady, kBroken };
DriverState driver_state(client::Monitor& monitor, const std::string& device);

}  // namespace guestd::guestctl
