// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "platform/device_database.hpp"
#include "platform/device_stack.hpp"
#include "platform/mounts.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// The mounted file systems that lie on disks, in the order of the table, each by one mount: one that its mount point
/// leads to rather than a hidden one, one of the whole rather than a part, and else the first. File systems without a
/// disk, of the network and of processes (FUSE) are left out, except for the root of the system where that is an
/// overlay. The pointers are into the table.
std::vector<const Mount*> file_systems(const MountTable& table);

/// Where a file system lies.
struct FileSystemPlace {
  /// The kernel's name of its device (`dm-0`; its number if sysfs does not know it), or else the source that it was
  /// mounted from.
  std::string name;
  /// The disks and partitions at the bottom, each once: through volumes, to all members of btrfs, bcachefs and (where
  /// there is udev) ZFS, and for an overlay those below the layer that is written to. Below a loop device there is
  /// none.
  std::vector<BlockDevice> disks;
};

/// `mount` is one of the table.
FileSystemPlace place_of(const Root& root, const DeviceDatabase& database, const MountTable& table, const Mount& mount);

}  // namespace guestd::platform
