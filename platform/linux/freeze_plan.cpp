// SPDX-License-Identifier: Apache-2.0
#include "platform/freeze_plan.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "platform/device_stack.hpp"

namespace guestd::platform {

namespace {

constexpr std::string_view kGone = "//deleted";

/// One file system with all of its mounts.
struct FileSystem {
  std::vector<const Mount*> mounts;
  const Mount* best = nullptr;  ///< the one to reach it by
  bool reachable = false;
};

bool matches_any(const std::vector<std::string>& patterns, const std::string& text) {
  return std::ranges::any_of(patterns,
                             [&](const std::string& p) { return ::fnmatch(p.c_str(), text.c_str(), 0) == 0; });
}

// A look-up on the way to it may hang if a file system of another machine or of a process is in between.
bool is_behind_others(const MountTable& table, const Mount& mount) {
  const Mount* above = &mount;
  for (std::size_t steps = 0; steps <= table.mounts().size(); ++steps) {
    above = above->parent_id == above->id ? nullptr : table.find(above->parent_id);
    if (above == nullptr) return false;
    const Storage storage = storage_of(*above);
    if (storage == Storage::kNetwork || storage == Storage::kFuse || above->type == "autofs") return true;
  }
  return false;
}

// The lower, the better it is to reach a file system by.
int rank(const MountTable& table, const Mount& mount) {
  if (mount.mountpoint.ends_with(kGone) || !table.is_visible(mount)) return 100;
  return (is_behind_others(table, mount) ? 2 : 0) + (is_bind_mount(mount) ? 1 : 0);
}

// In the order of their first mounts.
std::vector<FileSystem> file_systems(const MountTable& table) {
  std::vector<FileSystem> all;
  std::map<DeviceNumber, std::size_t> index;
  std::vector<int> ranks;
  for (const Mount& mount : table.mounts()) {
    const auto [found, is_new] = index.emplace(mount.device, all.size());
    if (is_new) {
      all.emplace_back();
      ranks.push_back(101);
    }
    FileSystem& system = all[found->second];
    system.mounts.push_back(&mount);
    const int value = storage_of(mount) == Storage::kNone ? 100 : rank(table, mount);
    if (value >= ranks[found->second]) continue;
    ranks[found->second] = value;
    system.best = &mount;
    system.reachable = value < 100;
  }
  return all;
}

bool is_excluded(const FileSystem& system, const FreezeExclusions& exclusions) {
  const Mount& mount = *system.best;
  if (matches_any(exclusions.types, mount.type)) return true;
  if (matches_any(exclusions.devices, mount.source) || matches_any(exclusions.devices, to_string(mount.device))) {
    return true;
  }
  return std::ranges::all_of(system.mounts,
                             [&](const Mount* one) { return matches_any(exclusions.mountpoints, one->mountpoint); });
}

struct Refusal {
  std::string_view reason;
  bool may_lose_writes = false;
};

// Why a file system of this kind is never frozen.
std::optional<Refusal> refusal_of(const FileSystem& system) {
  const Mount& mount = *system.best;
  switch (mount.type == "fuseblk" ? Storage::kFuse : storage_of(mount)) {
    case Storage::kBlockDevice:
    case Storage::kVolume:
      break;
    case Storage::kOverlay:
      return Refusal{"an overlay has no disk of its own: the file systems under it are frozen"};
    case Storage::kMemory:
      return Refusal{"it is in memory only"};
    case Storage::kNetwork:
      return Refusal{"its data is on another machine, which has to take care of it", true};
    case Storage::kFuse:
      return Refusal{"a process serves it (FUSE), and the kernel cannot freeze it", true};
    case Storage::kNone:
      return Refusal{""};
  }
  if (mount_option(mount.super_options, "ro") || mount.type == "squashfs") return Refusal{"it is read-only"};
  if (mount.type == "zfs") return Refusal{"ZFS cannot be frozen: use its own snapshots", true};
  if (!system.reachable) return Refusal{"no path leads to it: other mounts lie over all of its mount points", true};
  return std::nullopt;
}

std::string without_slashes_at_end(std::string_view path) {
  std::string plain;
  for (const char character : path) {
    if (character != '/' || !plain.ends_with('/')) plain += character;
  }
  if (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  return plain;
}

// The file systems that one of the names is a mount point of; names that are none are noted in the plan.
std::set<DeviceNumber> devices_at(const MountTable& table, std::span<const std::string> names, FreezePlan& plan) {
  std::map<std::string_view, std::vector<DeviceNumber>> places;
  for (const Mount& mount : table.mounts()) places[mount.mountpoint].push_back(mount.device);
  std::set<DeviceNumber> devices;
  for (const std::string& name : names) {
    const auto found = places.find(without_slashes_at_end(name));
    if (found == places.end()) {
      plan.no_mount_points.push_back(name);
    } else {
      devices.insert(found->second.begin(), found->second.end());
    }
  }
  return devices;
}

/// Puts file systems into the order of freezing.
class Order {
 public:
  Order(const FileSystemStack& stack, std::vector<FileSystem> systems) : systems_(std::move(systems)) {
    for (std::size_t i = 0; i < systems_.size(); ++i) index_.emplace(systems_[i].best->device, i);
    above_.resize(systems_.size());
    for (std::size_t i = 0; i < systems_.size(); ++i) {
      std::set<DeviceNumber> seen;
      find_below(stack, systems_[i].best->device, i, seen);
    }
  }

  std::vector<PlannedFreeze> take() {
    placed_.assign(systems_.size(), false);
    // What was mounted last goes first, as far as nothing lies on it.
    for (std::size_t i = systems_.size(); i-- > 0;) place(i);
    return std::move(order_);
  }

 private:
  // Notes `user` at everything that `device` lies on, however deep: what is in between may not be frozen itself.
  void find_below(const FileSystemStack& stack, DeviceNumber device, std::size_t user, std::set<DeviceNumber>& seen) {
    const auto below = stack.find(device);
    if (below == stack.end() || !seen.insert(device).second) return;
    for (const DeviceNumber one : below->second) {
      const auto found = index_.find(one);
      if (found != index_.end() && found->second != user) above_[found->second].insert(user);
      find_below(stack, one, user, seen);
    }
  }
  void place(std::size_t i) {
    if (placed_[i]) return;
    placed_[i] = true;  // before what follows: a circle must come to an end
    PlannedFreeze planned{*systems_[i].best, {}};
    for (const std::size_t user : above_[i]) {
      place(user);
      planned.after.push_back(systems_[user].best->mountpoint);
    }
    order_.push_back(std::move(planned));
  }

  std::vector<FileSystem> systems_;
  std::map<DeviceNumber, std::size_t> index_;
  std::vector<std::set<std::size_t>> above_;
  std::vector<bool> placed_;
  std::vector<PlannedFreeze> order_;
};

/// Collects what one file system lies on.
class Below {
 public:
  Below(const Root& root, const MountTable& table, std::set<DeviceNumber>& found)
      : root_(root), table_(table), found_(found) {}

  void add_device(const BlockDevice& device) {
    if (!seen_.insert(device.number).second) return;
    if (const auto file = backing_file(root_, device)) add_path(*file);
    if (const auto disk = disk_of(root_, device); disk && disk->number != device.number) add_device(*disk);
    if (const auto parts = parts_of(root_, device)) {
      for (const BlockDevice& part : *parts) add_device(part);
    }
  }
  void add_path(std::string_view path) {
    if (!path.starts_with('/')) return;
    if (const Mount* holder = table_.mount_of(path)) found_.insert(holder->device);
  }

 private:
  const Root& root_;
  const MountTable& table_;
  std::set<DeviceNumber>& found_;
  std::set<DeviceNumber> seen_;
};

void add_overlay(const Mount& mount, Below& below) {
  for (const std::string_view option : {"upperdir", "workdir", "lowerdir"}) {
    auto folders = mount_option(mount.super_options, option);
    while (folders && !folders->empty()) {
      const std::size_t end = std::min(folders->find(':'), folders->size());
      below.add_path(folders->substr(0, end));
      folders->remove_prefix(std::min(end + 1, folders->size()));
    }
  }
}

}  // namespace

FileSystemStack file_system_stack(const Root& root, const MountTable& table) {
  FileSystemStack stack;
  for (const Mount& mount : table.mounts()) {
    const Storage storage = storage_of(mount);
    const bool is_overlay = storage == Storage::kOverlay;
    if (!is_overlay && storage != Storage::kBlockDevice && storage != Storage::kVolume) continue;
    const auto [entry, is_new] = stack.try_emplace(mount.device);
    if (!is_new) continue;
    Below below(root, table, entry->second);
    if (is_overlay) {
      add_overlay(mount, below);
    } else {
      for (const BlockDevice& device : devices_of(root, mount)) below.add_device(device);
    }
  }
  return stack;
}

FreezeExclusions resolve_devices(const Root& root, FreezeExclusions exclusions) {
  for (std::string& device : exclusions.devices) {
    if (!device.starts_with('/')) continue;
    if (const auto found = block_device_at(root, device)) device = to_string(found->number);
  }
  return exclusions;
}

FreezePlan plan_freeze(const MountTable& table, const FileSystemStack& stack, const FreezeExclusions& exclusions,
                       std::optional<std::span<const std::string>> wanted) {
  FreezePlan plan;
  std::optional<std::set<DeviceNumber>> devices;
  if (wanted) devices = devices_at(table, *wanted, plan);
  std::vector<FileSystem> chosen;
  for (FileSystem& system : file_systems(table)) {
    const Mount& mount = *system.best;
    if (devices && !devices->contains(mount.device)) continue;
    if (const auto refusal = refusal_of(system)) {
      if (!refusal->reason.empty()) {
        plan.left_out.push_back({mount, std::string(refusal->reason), refusal->may_lose_writes});
      }
    } else if (is_excluded(system, exclusions)) {
      plan.left_out.push_back({mount, "the configuration excludes it", true});
    } else {
      chosen.push_back(std::move(system));
    }
  }
  plan.order = Order(stack, std::move(chosen)).take();
  return plan;
}

}  // namespace guestd::platform
