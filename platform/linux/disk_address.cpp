// SPDX-License-Identifier: Apache-2.0
// Where a disk is attached, from the names of the folders on the way to it. Sources: the kernel's
// Documentation/ABI/testing/sysfs-bus-pci, sysfs-bus-css, sysfs-block, drivers/scsi/scsi_scan.c (H:C:T:L).
#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <system_error>

#include "platform/block_devices.hpp"

namespace guestd::platform {

namespace {

using Steps = std::vector<std::string_view>;

Steps steps_of(std::string_view path) {
  Steps steps;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) steps.push_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return steps;
}

/// Numbers with one of `separators` between them, each at its place; nothing if the text is not exactly that.
template <std::size_t count>
std::optional<std::array<std::uint64_t, count>> numbers_in(std::string_view text,
                                                           const std::array<char, count - 1>& separators, int base) {
  std::array<std::uint64_t, count> numbers{};
  for (std::size_t i = 0; i < count; ++i) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), numbers[i], base);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (i + 1 == count) break;
    if (!text.starts_with(separators[i])) return std::nullopt;
    text.remove_prefix(1);
  }
  if (!text.empty()) return std::nullopt;
  return numbers;
}

/// `0000:00:05.0`
std::optional<PciAddress> pci_address(std::string_view step) {
  const auto numbers = numbers_in<4>(step, {':', ':', '.'}, 16);
  if (!numbers || step.size() < 12) return std::nullopt;
  return PciAddress{static_cast<int>((*numbers)[0]), static_cast<int>((*numbers)[1]), static_cast<int>((*numbers)[2]),
                    static_cast<int>((*numbers)[3])};
}

/// The number in a name such as `ata3`.
std::optional<std::uint64_t> number_behind(std::string_view step, std::string_view name) {
  if (!step.starts_with(name)) return std::nullopt;
  const auto number = numbers_in<1>(step.substr(name.size()), {}, 10);
  return number ? std::optional((*number)[0]) : std::nullopt;
}

bool has(const Steps& steps, std::string_view name) {
  return std::any_of(steps.begin(), steps.end(), [&](std::string_view step) { return !!number_behind(step, name); });
}

std::string path_up_to(const Steps& steps, std::size_t last) {
  std::string path;
  for (std::size_t i = 0; i <= last; ++i) path.append("/").append(steps[i]);
  return path;
}

/// What the steps of the path say.
struct Place {
  Steps steps;
  std::optional<std::size_t> pci;                    ///< step of the last PCI function, which is the controller
  std::optional<std::array<std::uint64_t, 4>> scsi;  ///< host, channel, target, LUN
  std::string driver;                                ///< of the controller
};

Place place_of(const Root& root, std::string_view path) {
  Place place;
  place.steps = steps_of(path);
  for (std::size_t i = 0; i < place.steps.size(); ++i) {
    if (pci_address(place.steps[i])) place.pci = i;
    if (const auto scsi = numbers_in<4>(place.steps[i], {':', ':', ':'}, 10)) place.scsi = scsi;
  }
  if (!place.pci) return place;
  const auto driver = root.read_link(path_up_to(place.steps, *place.pci) + "/driver");
  if (driver) place.driver = driver->substr(driver->rfind('/') + 1);
  return place;
}

/// The kernel numbers ATA ports and SCSI hosts of all controllers through; a host counts those of one controller.
/// Each is a folder of the controller, called `name` and its number.
std::uint64_t index_on_controller(const Root& root, const Place& place, std::string_view name) {
  const auto own = std::find_if(place.steps.begin(), place.steps.end(),
                                [&](std::string_view step) { return !!number_behind(step, name); });
  const auto siblings = root.list(path_up_to(place.steps, *place.pci));
  if (own == place.steps.end() || !siblings) return 0;
  const auto is_before = [&](const std::string& sibling) {
    const auto number = number_behind(sibling, name);
    return number && *number < *number_behind(*own, name);
  };
  return static_cast<std::uint64_t>(std::count_if(siblings->begin(), siblings->end(), is_before));
}

/// A LUN of the flat method of addressing, which carriers such as virtio-scsi use from 256 on, has 0x40 in its upper
/// byte (SAM-5, 4.7.7.3).
std::uint64_t plain_lun(std::uint64_t lun) { return lun >= 0x4000 && lun < 0x8000 ? lun - 0x4000 : lun; }

bool is_raid(std::string_view driver) {
  constexpr std::array<std::string_view, 8> kDrivers = {"megaraid_sas", "megaraid_mbox", "hpsa",   "aacraid",
                                                        "smartpqi",     "3w-9xxx",       "3w-sas", "arcmsr"};
  return std::find(kDrivers.begin(), kDrivers.end(), driver) != kDrivers.end();
}

DiskBus scsi_kind(const Place& place) {
  const auto any = [&](std::string_view beginning) {
    return std::any_of(place.steps.begin(), place.steps.end(),
                       [&](std::string_view step) { return step.starts_with(beginning); });
  };
  if (has(place.steps, "session")) return DiskBus::kIscsi;
  if (any("rport-")) return DiskBus::kFibre;
  if (any("end_device-")) return DiskBus::kSas;
  return is_raid(place.driver) ? DiskBus::kRaid : DiskBus::kScsi;
}

void set_ata(const Root& root, const Place& place, DiskAddress& address) {
  const std::string_view port = has(place.steps, "ata") ? "ata" : "host";
  const std::uint64_t index = index_on_controller(root, place, port);
  if (place.driver == "ata_piix" || place.driver.starts_with("pata_")) {
    address.type = DiskBus::kIde;
    address.bus = index;
    address.unit = place.scsi ? (*place.scsi)[2] : 0;
  } else {
    address.type = DiskBus::kSata;
    address.unit = index;
  }
}

void set_scsi(const Place& place, DiskAddress& address) {
  address.type = scsi_kind(place);
  const auto [host, channel, target, lun] = *place.scsi;
  if (place.driver.starts_with("sym53c8xx")) {  // has no LUNs in the terms of hosts
    address.unit = target;
    return;
  }
  address.bus = channel;
  address.target = target;
  address.unit = plain_lun(lun);
}

DiskBus card_kind(const Root& root, const BlockDevice& disk) {
  const auto type = root.read_file(disk.sysfs_path + "/device/type");
  return type && type->starts_with("SD") ? DiskBus::kSd : DiskBus::kMmc;
}

/// A disk that is neither ATA nor SCSI.
DiskBus plain_kind(const Root& root, const Place& place, const BlockDevice& disk) {
  const auto any = [&](std::string_view beginning) {
    return std::any_of(place.steps.begin(), place.steps.end(),
                       [&](std::string_view step) { return step.starts_with(beginning); });
  };
  if (place.driver == "nvme" || disk.name.starts_with("nvme")) return DiskBus::kNvme;
  if (has(place.steps, "virtio")) return DiskBus::kVirtio;
  if (any("vbd-")) return DiskBus::kXen;
  if (any("mmc_host")) return card_kind(root, disk);
  if (any("floppy.")) return DiskBus::kFloppy;
  return DiskBus::kUnknown;
}

/// `css0/0.0.0003/0.0.1234`: the subchannel, and the device in it.
std::optional<CcwAddress> ccw_address(const Steps& steps) {
  for (std::size_t i = 0; i + 2 < steps.size(); ++i) {
    if (!number_behind(steps[i], "css")) continue;
    const auto subchannel = numbers_in<3>(steps[i + 1], {'.', '.'}, 16);
    const auto device = numbers_in<3>(steps[i + 2], {'.', '.'}, 16);
    if (!subchannel || !device) return std::nullopt;
    const auto at = [](const auto& numbers, std::size_t n) { return static_cast<unsigned>(numbers[n]); };
    return CcwAddress{at(*subchannel, 0), at(*subchannel, 1), at(*subchannel, 2), at(*device, 2)};
  }
  return std::nullopt;
}

/// A namespace of NVMe that may be reached by several controllers is in /sys/devices/virtual/nvme-subsystem. Its
/// place is that of the first controller (drivers/nvme/host/multipath.c).
std::string path_to_controller(const Root& root, const BlockDevice& disk) {
  constexpr std::string_view kSubsystems = "/sys/devices/virtual/nvme-subsystem/";
  if (!disk.sysfs_path.starts_with(kSubsystems)) return disk.sysfs_path;
  const std::string subsystem = disk.sysfs_path.substr(0, disk.sysfs_path.rfind('/'));
  const auto names = root.list(subsystem);
  if (!names) return disk.sysfs_path;
  for (const std::string& name : *names) {
    const auto target = number_behind(name, "nvme") ? root.read_link(subsystem + "/" + name) : Error{};
    // A link goes up to /sys/devices and down again.
    const std::size_t down = target ? target->find("pci") : std::string::npos;
    if (down != std::string::npos) return "/sys/devices/" + target->substr(down);
  }
  return disk.sysfs_path;
}

}  // namespace

DiskAddress address_in_sysfs(const Root& root, const BlockDevice& disk) {
  const std::string path = path_to_controller(root, disk);
  const Place place = place_of(root, path);
  DiskAddress address;
  if (place.pci) address.pci = *pci_address(place.steps[*place.pci]);
  address.ccw = ccw_address(place.steps);
  if (has(place.steps, "usb")) {
    address.type = DiskBus::kUsb;
  } else if (place.pci && (has(place.steps, "ata") || place.driver == "ata_piix")) {
    set_ata(root, place, address);
  } else if (place.scsi) {
    set_scsi(place, address);
  } else {
    address.type = plain_kind(root, place, disk);
  }
  return address;
}

}  // namespace guestd::platform
