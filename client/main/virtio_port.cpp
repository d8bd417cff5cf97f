// SPDX-License-Identifier: Apache-2.0
#include "client/main/virtio_port.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "generated/qmp/calls.hpp"

namespace guestd::guestctl {
namespace {

using protocol::JsonType;

/// Both an explicit id's place and that of devices without one.
constexpr const char* kPlaces[] = {"/machine/peripheral", "/machine/peripheral-anon"};

std::string text_property(client::Monitor& monitor, const std::string& path, const char* name) {
  const auto value = qmp::qom_get(monitor, {path, name});
  if (!value) return {};
  const auto document = value->document();
  return document.root().is(JsonType::kString) ? std::string(document.root().as_string()) : std::string();
}

std::uint32_t number_property(client::Monitor& monitor, const std::string& path, const char* name) {
  const auto value = qmp::qom_get(monitor, {path, name});
  if (!value) return 0;
  const auto document = value->document();
  return document.root().is(JsonType::kInt) ? static_cast<std::uint32_t>(document.root().as_int()) : 0;
}

VirtioPort read_port(client::Monitor& monitor, const std::string& path) {
  VirtioPort port;
  port.path = path;
  port.name = text_property(monitor, path, "name");
  port.chardev = text_property(monitor, path, "chardev");
  port.number = number_property(monitor, path, "nr");
  // The bus is a child of the virtio device.
  const std::string bus = text_property(monitor, path, "parent_bus");
  port.device = bus.substr(0, std::min(bus.rfind('/'), bus.size()));
  return port;
}

/// What the driver has offered and the device not yet taken, modulo 65536.
std::optional<unsigned> offered(client::Monitor& monitor, const std::string& device, std::uint16_t queue,
                                const qmp::VirtQueueStatus& status) {
  if (!status.last_avail_idx) return std::nullopt;
  // The driver's own count, which the device may not have looked at yet.
  const auto element = qmp::x_query_virtio_queue_element(monitor, {device, queue, std::nullopt});
  if (!element) return std::nullopt;
  return static_cast<std::uint16_t>(element->avail.idx - *status.last_avail_idx);
}

}  // namespace

Result<std::vector<VirtioPort>> virtio_ports(client::Monitor& monitor) {
  std::vector<VirtioPort> ports;
  for (const char* const place : kPlaces) {
    const auto objects = qmp::qom_list(monitor, {place});
    if (!objects) return objects.error();
    for (const auto& object : *objects) {
      if (object.type != "child<virtserialport>" && object.type != "child<virtconsole>") continue;
      ports.push_back(read_port(monitor, std::string(place) + "/" + object.name));
    }
  }
  return ports;
}

PortQueues port_queues(client::Monitor& monitor, const VirtioPort& port) {
  // Queues 2 and 3 are for control (virtio specification, "Console Device").
  const unsigned first = port.number == 0 ? 0 : 2 * port.number + 2;
  PortQueues queues;
  if (port.device.empty() || first > UINT16_MAX - 1) return queues;
  const auto receive = static_cast<std::uint16_t>(first);
  const auto to_guest = qmp::x_query_virtio_queue_status(monitor, {port.device, receive});
  if (!to_guest || to_guest->vring_desc == 0) return queues;
  const auto from_guest =
      qmp::x_query_virtio_queue_status(monitor, {port.device, static_cast<std::uint16_t>(receive + 1)});
  queues.in_use = to_guest->inuse + (from_guest ? from_guest->inuse : 0);
  // The driver fills the queue with empty buffers, and gives each back when a program has read it.
  if (const auto empty = offered(monitor, port.device, receive, *to_guest); empty && *empty <= to_guest->vring_num) {
    queues.unread = to_guest->vring_num - *empty;
  }
  return queues;
}

DriverState driver_state(client::Monitor& monitor, const std::string& device) {
  const auto status = qmp::x_query_virtio_status(monitor, {device});
  if (!status) return DriverState::kUnknown;
  if (status->broken) return DriverState::kBroken;
  const auto has = [&](std::string_view step) {
    return std::ranges::any_of(status->status.statuses, [&](const std::string& each) {
      return each == step || each.starts_with(std::string(step) + ":");
    });
  };
  if (has("VIRTIO_CONFIG_S_FAILED") || has("VIRTIO_CONFIG_S_NEEDS_RESET")) return DriverState::kBroken;
  if (has("VIRTIO_CONFIG_S_DRIVER_OK")) return DriverState::kReady;
  return has("VIRTIO_CONFIG_S_DRIVER") ? DriverState::kStarting : DriverState::kAbsent;
}

}  // namespace guestd::guestctl
