// SPDX-License-Identifier: Apache-2.0
#include "platform/block_devices.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace guestd::platform {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks(" \t\n\0", 4);
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string value_of(const Root& root, const std::string& path) {
  const auto text = root.read_file(path);
  return text ? std::string(trimmed(*text)) : std::string();
}

/// Page 0x80 of a SCSI disk: four bytes of header, then the serial number (SPC-4, 7.8.15).
std::string scsi_serial(const Root& root, const BlockDevice& disk) {
  constexpr std::size_t kHeader = 4;
  const auto page = root.read_file(disk.sysfs_path + "/device/vpd_pg80");
  if (!page || page->size() <= kHeader) return {};
  return std::string(trimmed(std::string_view(*page).substr(kHeader)));
}

}  // namespace

std::string SysfsSerials::serial(const Root& root, const BlockDevice& disk) const {
  std::string serial = value_of(root, disk.sysfs_path + "/serial");                 // virtio-blk
  if (serial.empty()) serial = value_of(root, disk.sysfs_path + "/device/serial");  // NVMe, MMC
  if (serial.empty()) return scsi_serial(root, disk);
  const std::string model = disk.name.starts_with("nvme") ? value_of(root, disk.sysfs_path + "/device/model") : "";
  if (!model.empty()) serial = model + "_" + serial;
  std::replace(serial.begin(), serial.end(), ' ', '_');  // as udev does
  return serial;
}

// udev comes first: what it has written down costs the disk nothing.
void DiskAddresses::look_up(const std::vector<BlockDevice>& devices) {
  std::vector<BlockDevice> unknown;
  for (const BlockDevice& device : devices) {
    const auto disk = disk_of(root_, device);
    if (!disk || of_disks_.contains(disk->sysfs_path)) continue;
    DiskAddress address = address_in_sysfs(root_, *disk);
    if (auto serial = database_.property(disk->number, "ID_SERIAL")) {
      address.serial = *std::move(serial);
    } else {
      unknown.push_back(*disk);
    }
    of_disks_.emplace(disk->sysfs_path, std::move(address));
  }
  if (!unknown.empty()) ask_for_serials(unknown);
}

void DiskAddresses::ask_for_serials(const std::vector<BlockDevice>& disks) {
  // What a thread that is stuck goes on using.
  struct Shared {
    Root root;
    std::shared_ptr<const SerialSource> serials;
    std::vector<BlockDevice> disks;
    std::vector<std::string> answers;
  };
  const auto shared =
      std::make_shared<Shared>(Shared{root_.copy(), serials_, disks, std::vector<std::string>(disks.size())});
  std::vector<InTime::Question> questions;
  for (std::size_t i = 0; i < disks.size(); ++i) {
    questions.push_back({"serial number of " + disks[i].sysfs_path, [shared, i] {
                           shared->answers[i] = shared->serials->serial(shared->root, shared->disks[i]);
                         }});
  }
  const auto answered = in_time_.ask(std::move(questions));
  for (std::size_t i = 0; i < disks.size(); ++i) {
    if (answered[i]) of_disks_[disks[i].sysfs_path].serial = shared->answers[i];
  }
}

DiskAddress DiskAddresses::of(const BlockDevice& device) {
  const auto disk = disk_of(root_, device);
  if (!disk) return {};
  if (!of_disks_.contains(disk->sysfs_path)) look_up({*disk});
  DiskAddress address = of_disks_[disk->sysfs_path];
  address.node = device.node;
  return address;
}

Result<std::vector<BlockDevice>> disks(const Root& root) {
  const std::string folder = "/sys/block";
  const auto names = root.list(folder);
  // The words are those of qemu-ga.
  if (!names) return Error::from_errno("Can't open directory \"" + folder + "\"", names.error().errno_value);
  std::vector<BlockDevice> found;
  for (const std::string& name : *names) {
    // A drive without a medium, and loop devices that nobody uses. Many: they are looked at no further.
    const std::string size = value_of(root, folder + "/" + name + "/size");
    if (size.empty() || size == "0") continue;
    if (auto disk = block_device_named(root, name)) found.push_back(*std::move(disk));
  }
  return found;
}

std::optional<std::string> volume_name(const Root& root, const BlockDevice& disk) {
  if (!disk.is_virtual() || !disk.name.starts_with("dm-")) return std::nullopt;
  std::string name = value_of(root, disk.sysfs_path + "/dm/name");
  return name.empty() ? std::nullopt : std::optional(std::move(name));
}

std::vector<BlockDevice> zfs_members(const Root& root, const DeviceDatabase& database, const std::string& pool) {
  std::vector<BlockDevice> members;
  const auto names = root.list("/sys/class/block");
  if (!names) return members;
  for (const std::string& name : *names) {
    auto device = block_device_named(root, name);
    if (!device || database.property(device->number, "ID_FS_TYPE") != "zfs_member") continue;
    if (database.property(device->number, "ID_FS_LABEL") == pool) members.push_back(*std::move(device));
  }
  return members;
}

}  // namespace guestd::platform
