// SPDX-License-Identifier: Apache-2.0
#include "commands/disk_address.hpp"

#include <cstdint>
#include <utility>

namespace guestd::commands {

namespace {

GuestDiskBusType bus_type(platform::DiskBus bus) {
  using platform::DiskBus;
  switch (bus) {
    case DiskBus::kFloppy:
      return GuestDiskBusType::kFdc;
    case DiskBus::kIde:
      return GuestDiskBusType::kIde;
    case DiskBus::kSata:
      return GuestDiskBusType::kSata;
    case DiskBus::kScsi:
      return GuestDiskBusType::kScsi;
    case DiskBus::kSas:
      return GuestDiskBusType::kSas;
    case DiskBus::kIscsi:
      return GuestDiskBusType::kIscsi;
    case DiskBus::kFibre:
      return GuestDiskBusType::kFibre;
    case DiskBus::kRaid:
      return GuestDiskBusType::kRaid;
    case DiskBus::kUsb:
      return GuestDiskBusType::kUsb;
    case DiskBus::kVirtio:
      return GuestDiskBusType::kVirtio;
    case DiskBus::kXen:
      return GuestDiskBusType::kXen;
    case DiskBus::kNvme:
      return GuestDiskBusType::kNvme;
    case DiskBus::kMmc:
      return GuestDiskBusType::kMmc;
    case DiskBus::kSd:
      return GuestDiskBusType::kSd;
    case DiskBus::kUnknown:
      break;
  }
  return GuestDiskBusType::kUnknown;
}

}  // namespace

GuestDiskAddress disk_address(platform::DiskAddress address) {
  GuestDiskAddress result;
  result.pci_controller = {address.pci.domain, address.pci.bus, address.pci.slot, address.pci.function};
  result.bus_type = bus_type(address.type);
  result.bus = static_cast<std::int64_t>(address.bus);
  result.target = static_cast<std::int64_t>(address.target);
  result.unit = static_cast<std::int64_t>(address.unit);
  if (!address.serial.empty()) result.serial = std::move(address.serial);
  if (!address.node.empty()) result.dev = std::move(address.node);
  if (address.ccw)
    result.ccw_address = {address.ccw->cssid, address.ccw->ssid, address.ccw->subchannel, address.ccw->device};
  return result;
}

}  // namespace guestd::commands
