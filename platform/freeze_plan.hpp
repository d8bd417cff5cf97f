// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "platform/device_number.hpp"
#include "platform/mounts.hpp"
#include "platform/root.hpp"

/// Which file systems a freeze takes, and in which order. Nothing here opens a file system or waits for one.
namespace guestd::platform {

/// What the administrator keeps out. Patterns are those of fnmatch(3), where `*` matches slashes too.
struct FreezeExclusions {
  std::vector<std::string> mountpoints{};  ///< a file system is left out if all places where it is mounted match
  std::vector<std::string> devices{};      ///< patterns for the source (`/dev/sdb*`), paths to a device, or `8:1`
  std::vector<std::string> types{};        ///< patterns for the type

  bool operator==(const FreezeExclusions&) const = default;
};

/// Which file systems lie on which others, by Mount::device: a file system inside a loop file lies on the one that
/// holds the file, an overlay on those of its folders.
using FileSystemStack = std::map<DeviceNumber, std::set<DeviceNumber>>;

/// Read from sysfs; what cannot be read is taken for lying on nothing.
FileSystemStack file_system_stack(const Root& root, const MountTable& table);

/// The numbers of the devices that are named by path, put in the place of the paths. A path that leads nowhere stays.
FreezeExclusions resolve_devices(const Root& root, FreezeExclusions exclusions);

/// A file system that is to be frozen, by the best of its mounts: one that its mount point leads to.
struct PlannedFreeze {
  Mount mount;
  /// Mount points of file systems that lie on this one and are frozen before it.
  std::vector<std::string> after{};
};

/// A file system that is not, with a sentence without a full stop.
struct LeftOut {
  Mount mount;
  std::string reason;
  bool may_lose_writes = false;  ///< it takes writes and keeps them: a snapshot may catch it in the middle
};

struct FreezePlan {
  std::vector<PlannedFreeze> order;
  std::vector<LeftOut> left_out;             ///< without those that hold no data at all, such as proc
  std::vector<std::string> no_mount_points;  ///< what was asked for and is mounted nowhere
};

/// Each file system once, whatever the number of its mounts; what lies on another comes before it, and otherwise what
/// was mounted last comes first. `wanted`: any of the mount points of the file systems to take; nothing: all.
FreezePlan plan_freeze(const MountTable& table, const FileSystemStack& stack, const FreezeExclusions& exclusions,
                       std::optional<std::span<const std::string>> wanted);

}  // namespace guestd::platform
