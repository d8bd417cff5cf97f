// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/device_number.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// How a mount passes on what is mounted below it (mount_namespaces(7)). A group of 0 means none.
struct Propagation {
  int shared = 0;          ///< peer group that it is a member of
  int master = 0;          ///< peer group that it receives from
  int propagate_from = 0;  ///< nearest dominant group below this process's root
  bool unbindable = false;

  bool operator==(const Propagation&) const = default;
};

/// One line of /proc/self/mountinfo, its octal escapes resolved. Paths are any bytes but NUL.
struct Mount {
  int id = 0;
  int parent_id = 0;       ///< may be a mount outside of the table; its own for the top of the tree
  DeviceNumber device;     ///< that of the file system; major 0 where it is not on one block device
  std::string root;        ///< the folder of the file system that is mounted: `/`, or less for a bind mount
  std::string mountpoint;  ///< as seen from this process's root; `//deleted` behind it: cannot be reached any more
  std::string options;     ///< of this mount, comma-separated
  Propagation propagation;
  std::string type;           ///< such as `ext4` or `fuse.sshfs`
  std::string source;         ///< what was given to mount(2), possibly empty; any text
  std::string super_options;  ///< of the file system, comma-separated
};

/// What a file system lies on. Source: the kernel's Documentation/filesystems and the file systems' own names.
enum class Storage {
  kBlockDevice,  ///< one block device, which Mount::device names
  kVolume,       ///< disks of its own choice, behind an anonymous device: btrfs, zfs, bcachefs
  kOverlay,      ///< other folders
  kMemory,       ///< memory: tmpfs, ramfs
  kNetwork,      ///< another machine, the host included (9p, virtiofs)
  kFuse,         ///< a process, which may never answer
  kNone,         ///< nothing: proc, sysfs, cgroup, autofs, whatever is unknown and has no block device
};

Storage storage_of(const Mount& mount);

/// Whether nothing can be written through this mount: it or its file system is read-only.
bool is_read_only(const Mount& mount);

/// Whether only a part of the file system is mounted here. A mounted subvolume of btrfs is not a part.
bool is_bind_mount(const Mount& mount);

/// The value of `name=value` in a comma-separated list, "" for `name` alone; nothing if it is not there. Commas that
/// a value contains come as `\,` from overlayfs only; they are left alone.
std::optional<std::string_view> mount_option(std::string_view options, std::string_view name);

/// All mounts of a namespace and how they are stacked. A value: copies are independent.
class MountTable {
 public:
  MountTable() = default;
  explicit MountTable(std::vector<Mount> mounts, std::size_t skipped_lines = 0);

  /// In the order of the file: a mount comes behind its parent, later mounts mostly behind earlier ones.
  [[nodiscard]] const std::vector<Mount>& mounts() const { return mounts_; }
  /// Lines that could not be understood.
  [[nodiscard]] std::size_t skipped_lines() const { return skipped_lines_; }

  [[nodiscard]] const Mount* find(int id) const;
  /// The mount that a look-up of `path` (absolute, without links, `.` and `..`) ends in. Null without a root mount.
  [[nodiscard]] const Mount* mount_of(std::string_view path) const;
  /// Whether its mount point leads to it, not to a mount that lies over it or over a folder on the way.
  [[nodiscard]] bool is_visible(const Mount& mount) const;

 private:
  struct HashedPlace {
    std::size_t hash;
    std::size_t index;
    auto operator<=>(const HashedPlace&) const = default;
  };

  [[nodiscard]] const Mount* child_at(const Mount& parent, std::string_view mountpoint) const;
  [[nodiscard]] const Mount* topmost(const Mount* mount) const;
  [[nodiscard]] const Mount* root_mount() const;

  std::vector<Mount> mounts_;
  std::vector<HashedPlace> by_place_;  ///< sorted by the hash of parent and mount point, then as in the file
  std::vector<std::size_t> by_id_;     ///< sorted by id
  std::size_t skipped_lines_ = 0;
};

/// Reads the text of /proc/self/mountinfo (proc_pid_mountinfo(5)). A line that is not of that form is skipped and
/// counted.
MountTable parse_mountinfo(std::string_view text);

/// The mounts that this process sees. The error names the file.
Result<MountTable> mounts(const Root& root);

}  // namespace guestd::platform
