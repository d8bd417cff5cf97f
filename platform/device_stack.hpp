// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/device_number.hpp"
#include "platform/mounts.hpp"
#include "platform/root.hpp"

/// What lies on what, as sysfs tells it; no device is opened and nothing here waits for one. Source: the kernel's
/// Documentation/ABI/testing/sysfs-block and stable/sysfs-block.
namespace guestd::platform {

/// A disk, a partition, or a volume made of others.
struct BlockDevice {
  DeviceNumber number;
  std::string name;        ///< in sysfs, such as `vda1` or `dm-0`; `!` stands for a slash (`cciss!c0d0`)
  std::string node;        ///< its device node as the kernel names it: `/dev/vda1`
  std::string sysfs_path;  ///< without links: `/sys/devices/.../block/vda/vda1`
  bool is_partition = false;

  /// Whether it is made by software out of something else: dm, md, loop, zram, ...
  [[nodiscard]] bool is_virtual() const { return sysfs_path.starts_with("/sys/devices/virtual/block/"); }
};

Result<BlockDevice> block_device(const Root& root, DeviceNumber number);
/// By its name in sysfs.
Result<BlockDevice> block_device_named(const Root& root, std::string_view name);
/// By a path such as `/dev/mapper/data`, a link or a node. Opens the path, not the device.
Result<BlockDevice> block_device_at(const Root& root, const std::string& path);

/// The disk of a partition; a disk is its own.
Result<BlockDevice> disk_of(const Root& root, const BlockDevice& device);
/// The partitions of a disk, by number.
std::vector<BlockDevice> partitions_of(const Root& root, const BlockDevice& disk);
/// What a volume is made of directly (its `slaves`): none for a disk. Nothing where sysfs does not tell.
std::optional<std::vector<BlockDevice>> parts_of(const Root& root, const BlockDevice& device);
/// All at the bottom: follows parts until there are none. Each once; a device without parts is its own bottom.
std::vector<BlockDevice> bottom_of(const Root& root, const BlockDevice& device);

/// The file that a loop device (or a partition on one) shows as a disk, as the kernel names it: seen from the root of
/// who asks, and ending in ` (deleted)` if it has been removed. Nothing for other devices.
std::optional<std::string> backing_file(const Root& root, const BlockDevice& device);

/// The block devices that a mounted file system lies on directly, all members of a btrfs or bcachefs included. Empty
/// where there are none, or where only the file system itself knows (ZFS).
std::vector<BlockDevice> devices_of(const Root& root, const Mount& mount);

}  // namespace guestd::platform
