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

/// What a file system is called: the kernel's name of its device (`dm-0`; its number if sysfs does not know it), or
/// else the source that it was mounted from.
std::string name_of(const Root& root, const Mount& mount);

/// The disks and partitions at the bottom of a file system, each once: through volumes, to all members of btrfs,
/// bcachefs and (where there is udev) ZFS, and for an overlay those below the layer that is written to. A loop device
/// is at no disk's end: it has none.
std::vector<BlockDevice> disks_of(const Root& root, const DeviceDatabase& database, const MountTable& table,
                                  const Mount& mount);

}  // namespace guestd::platform
