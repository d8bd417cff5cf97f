// SPDX-License-Identifier: Apache-2.0
#include "platform/file_systems.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "platform/block_devices.hpp"

namespace guestd::platform {

namespace {

bool lies_on_disks(const Mount& mount) {
  const Storage storage = storage_of(mount);
  if (storage == Storage::kOverlay) return mount.mountpoint == "/";
  return storage == Storage::kBlockDevice || storage == Storage::kVolume;
}

/// How well a file system is known by this mount; lower is better.
int rank_of(const MountTable& table, const Mount& mount) {
  return (table.is_visible(mount) ? 0 : 2) + (is_bind_mount(mount) ? 1 : 0);
}

/// The path that a file system without a device of its own lies at: the layer of an overlay that is written to (or
/// its uppermost one), the file of an EROFS.
std::string_view path_below(const Mount& mount) {
  if (storage_of(mount) == Storage::kVolume) return mount.type == "erofs" ? std::string_view(mount.source) : "";
  if (storage_of(mount) != Storage::kOverlay) return "";
  if (const auto upper = mount_option(mount.super_options, "upperdir")) return *upper;
  const std::string_view lower = mount_option(mount.super_options, "lowerdir").value_or("");
  return lower.substr(0, lower.find(':'));
}

/// The mount whose devices `mount` lies on. File systems lie on each other, but not for ever.
const Mount& lowest(const MountTable& table, const Mount& mount) {
  constexpr int kDeepest = 8;
  const Mount* current = &mount;
  for (int depth = 0; depth < kDeepest; ++depth) {
    const std::string_view path = path_below(*current);
    const Mount* below = path.starts_with('/') ? table.mount_of(path) : nullptr;
    if (below == nullptr || below == current) break;
    current = below;
  }
  return *current;
}

std::string name_of(const Root& root, const Mount& mount, const std::vector<BlockDevice>& devices) {
  if (storage_of(mount) == Storage::kBlockDevice) {
    return devices.empty() ? to_string(mount.device) : devices.front().name;
  }
  const auto device = mount.type == "btrfs" ? block_device_at(root, mount.source) : Error{};
  return device ? device->name : mount.source;
}

struct Choice {
  const Mount* mount = nullptr;
  int rank = 0;
};

}  // namespace

std::vector<const Mount*> file_systems(const MountTable& table) {
  std::map<DeviceNumber, Choice> by_device;
  for (const Mount& mount : table.mounts()) {
    if (!lies_on_disks(mount)) continue;
    const Choice candidate{&mount, rank_of(table, mount)};
    const auto [found, is_first] = by_device.emplace(mount.device, candidate);
    if (!is_first && candidate.rank < found->second.rank) found->second = candidate;
  }
  std::vector<const Mount*> chosen;
  for (const auto& [device, choice] : by_device) chosen.push_back(choice.mount);
  std::sort(chosen.begin(), chosen.end());  // they are elements of one vector
  return chosen;
}

FileSystemPlace place_of(const Root& root, const DeviceDatabase& database, const MountTable& table,
                         const Mount& mount) {
  const Mount& bottom = lowest(table, mount);
  const bool is_zfs = bottom.type == "zfs";
  const auto devices =
      is_zfs ? zfs_members(root, database, bottom.source.substr(0, bottom.source.find('/'))) : devices_of(root, bottom);
  FileSystemPlace place;
  place.name = name_of(root, mount, devices);
  std::set<std::string> seen;
  for (const BlockDevice& device : devices) {
    for (BlockDevice& disk : bottom_of(root, device)) {
      if (!disk.is_virtual() && seen.insert(disk.name).second) place.disks.push_back(std::move(disk));
    }
  }
  return place;
}

}  // namespace guestd::platform
