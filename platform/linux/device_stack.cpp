// SPDX-License-Identifier: Apache-2.0
#include "platform/device_stack.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <set>
#include <utility>

namespace guestd::platform {

namespace {

constexpr std::string_view kByName = "/sys/class/block/";
constexpr std::string_view kByNumber = "/sys/dev/block/";
constexpr std::string_view kVirtual = "/sys/devices/virtual/block/";

std::string_view last_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

/// Where a link that stands in `folder` leads, by its text alone: the links of sysfs pass through no others.
std::string resolved(std::string folder, std::string_view target) {
  if (target.starts_with('/')) folder.clear();
  while (!target.empty()) {
    const std::size_t end = std::min(target.find('/'), target.size());
    const std::string_view step = target.substr(0, end);
    target.remove_prefix(std::min(end + 1, target.size()));
    if (step == "..") {
      folder = folder_of(folder);
    } else if (!step.empty() && step != ".") {
      folder.append("/").append(step);
    }
  }
  return folder;
}

/// The first value of `NAME=` in a uevent file. Names that the device itself gives (PARTNAME) come behind the
/// kernel's.
std::string_view uevent_value(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.starts_with(name) && line.substr(name.size()).starts_with('=')) return line.substr(name.size() + 1);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

Result<BlockDevice> device_in(const Root& root, std::string sysfs_path) {
  const auto uevent = root.read_file(sysfs_path + "/uevent");
  if (!uevent) return uevent.error();
  const auto number = parse_device_number(std::string(uevent_value(*uevent, "MAJOR")) + ":" +
                                          std::string(uevent_value(*uevent, "MINOR")));
  const std::string_view node = uevent_value(*uevent, "DEVNAME");
  if (!number || node.empty()) return Error{sysfs_path + "/uevent is not that of a block device"};
  BlockDevice device;
  device.number = *number;
  device.name = last_name(sysfs_path);
  device.node = "/dev/" + std::string(node);
  device.is_partition = uevent_value(*uevent, "DEVTYPE") == "partition";
  device.sysfs_path = std::move(sysfs_path);
  return device;
}

/// A virtual device tells everything by its path: `/sys/devices/virtual/block/<disk>[/<partition>]`. There may be
/// hundreds, and reading a file takes several times as long as reading a link.
BlockDevice virtual_device(std::string sysfs_path, DeviceNumber number) {
  BlockDevice device;
  device.number = number;
  device.name = last_name(sysfs_path);
  device.node = "/dev/" + device.name;
  std::replace(device.node.begin(), device.node.end(), '!', '/');
  device.is_partition = last_name(folder_of(sysfs_path)) != "block";
  device.sysfs_path = std::move(sysfs_path);
  return device;
}

/// Loop devices and memory lie on no other device, and there may be hundreds of them.
bool has_no_parts(const BlockDevice& device) {
  return device.name.starts_with("loop") || device.name.starts_with("zram") || device.name.starts_with("ram");
}

/// The number behind the disk's name: 2 for `vda2`, 1 for `nvme0n1p1`.
unsigned partition_number(std::string_view name, std::string_view disk) {
  name.remove_prefix(std::min(disk.size(), name.size()));
  if (name.starts_with('p')) name.remove_prefix(1);
  unsigned number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

/// Adds the bottom of `device`. Every device is visited once, so that a circle ends.
void add_bottom(const Root& root, const BlockDevice& device, std::set<std::string>& visited,
                std::vector<BlockDevice>& bottom) {
  if (!visited.insert(device.name).second) return;
  // A real partition is where the search ends; one of a volume (md0p1) lies on what the volume lies on.
  auto whole = device.is_virtual() && device.is_partition ? disk_of(root, device) : Result<BlockDevice>(device);
  const auto parts = device.is_virtual() && whole && !has_no_parts(*whole) ? parts_of(root, *whole) : std::nullopt;
  if (!parts || parts->empty()) return bottom.push_back(device);
  for (const BlockDevice& part : *parts) add_bottom(root, part, visited, bottom);
}

/// The members of each btrfs that is mounted. Source: Documentation/ABI/testing/sysfs-fs-btrfs.
std::vector<std::vector<std::string>> btrfs_volumes(const Root& root) {
  const std::string folder = "/sys/fs/btrfs";
  std::vector<std::vector<std::string>> volumes;
  const auto names = root.list(folder);
  if (!names) return volumes;
  for (const std::string& name : *names) {
    auto members = root.list(folder + "/" + name + "/devices");  // there is also a folder "features"
    if (members && !members->empty()) volumes.push_back(*std::move(members));
  }
  return volumes;
}

std::vector<BlockDevice> named(const Root& root, const std::vector<std::string>& names) {
  std::vector<BlockDevice> devices;
  for (const std::string& name : names) {
    if (auto device = block_device_named(root, name)) devices.push_back(*std::move(device));
  }
  return devices;
}

/// The mount names one member, which need not be there any more: `/dev/root` never is. Then the volume is known only
/// if there is no other.
std::vector<BlockDevice> btrfs_members(const Root& root, const std::string& source) {
  const auto device = block_device_at(root, source);
  const auto volumes = btrfs_volumes(root);
  for (const auto& members : volumes) {
    const bool is_member = device && std::find(members.begin(), members.end(), device->name) != members.end();
    if (is_member || (!device && volumes.size() == 1)) return named(root, members);
  }
  return device ? std::vector<BlockDevice>{*device} : std::vector<BlockDevice>{};
}

/// bcachefs names all of its members: `/dev/sda:/dev/sdb`.
std::vector<BlockDevice> listed_members(const Root& root, std::string_view source) {
  std::vector<BlockDevice> devices;
  while (!source.empty()) {
    const std::size_t end = std::min(source.find(':'), source.size());
    if (auto device = block_device_at(root, std::string(source.substr(0, end)))) devices.push_back(*std::move(device));
    source.remove_prefix(std::min(end + 1, source.size()));
  }
  return devices;
}

}  // namespace

Result<BlockDevice> block_device(const Root& root, DeviceNumber number) {
  const auto target = root.read_link(std::string(kByNumber) + to_string(number));
  if (!target) return target.error();
  std::string path = resolved("/sys/dev/block", *target);
  return path.starts_with(kVirtual) ? virtual_device(std::move(path), number) : device_in(root, std::move(path));
}

Result<BlockDevice> block_device_named(const Root& root, std::string_view name) {
  if (name.empty() || name.find('/') != std::string_view::npos || name.starts_with('.')) {
    return Error{"'" + std::string(name) + "' is not the name of a block device"};
  }
  const auto target = root.read_link(std::string(kByName) + std::string(name));
  if (!target) return target.error();
  return device_in(root, resolved("/sys/class/block", *target));
}

Result<BlockDevice> block_device_at(const Root& root, const std::string& path) {
  if (!path.starts_with('/')) return Error{"'" + path + "' is not the path of a block device"};
  auto node = root.open(path, O_PATH);
  if (!node) return std::move(node).error();
  struct stat status {};
  if (::fstat(node->get(), &status) != 0) return Error::from_errno("cannot look at " + path, errno);
  if (S_ISBLK(status.st_mode)) return block_device(root, {major(status.st_rdev), minor(status.st_rdev)});
  // A captured machine has files in place of its nodes.
  if (root.is_system()) return Error::from_errno(path, ENOTBLK);
  const auto target = root.read_link(path);
  return block_device_named(root, last_name(target ? *target : path));
}

Result<BlockDevice> disk_of(const Root& root, const BlockDevice& device) {
  if (!device.is_partition) return device;
  return device_in(root, folder_of(device.sysfs_path));
}

std::vector<BlockDevice> partitions_of(const Root& root, const BlockDevice& disk) {
  std::vector<BlockDevice> partitions;
  const auto names = root.list(disk.sysfs_path);
  if (!names) return partitions;
  for (const std::string& name : *names) {
    if (!name.starts_with(disk.name)) continue;
    auto partition = device_in(root, disk.sysfs_path + "/" + name);
    if (partition && partition->is_partition) partitions.push_back(*std::move(partition));
  }
  const auto number = [&](const BlockDevice& device) { return partition_number(device.name, disk.name); };
  std::stable_sort(partitions.begin(), partitions.end(),
                   [&](const BlockDevice& a, const BlockDevice& b) { return number(a) < number(b); });
  return partitions;
}

std::optional<std::vector<BlockDevice>> parts_of(const Root& root, const BlockDevice& device) {
  const auto names = root.list(device.sysfs_path + "/slaves");
  if (!names) return std::nullopt;
  return named(root, *names);
}

std::vector<BlockDevice> bottom_of(const Root& root, const BlockDevice& device) {
  std::set<std::string> visited;
  std::vector<BlockDevice> bottom;
  add_bottom(root, device, visited, bottom);
  return bottom;
}

std::optional<std::string> backing_file(const Root& root, const BlockDevice& device) {
  const auto disk = disk_of(root, device);
  if (!disk || !disk->is_virtual()) return std::nullopt;
  auto text = root.read_file(disk->sysfs_path + "/loop/backing_file");
  if (!text) return std::nullopt;
  if (text->ends_with('\n')) text->pop_back();
  return *std::move(text);
}

std::vector<BlockDevice> devices_of(const Root& root, const Mount& mount) {
  if (mount.type == "btrfs") return btrfs_members(root, mount.source);
  if (mount.type == "bcachefs") return listed_members(root, mount.source);
  if (storage_of(mount) != Storage::kBlockDevice) return {};
  auto device = block_device(root, mount.device);
  return device ? std::vector<BlockDevice>{*std::move(device)} : std::vector<BlockDevice>{};
}

}  // namespace guestd::platform
