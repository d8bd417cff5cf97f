// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/limits.hpp"
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/file_systems.hpp"
#include "platform/mounts.hpp"
#include "platform/trim.hpp"

namespace guestd::commands {

namespace {

using Moment = std::chrono::steady_clock::time_point;

GuestFilesystemTrimResult trim(const platform::TrimDevice& device, const platform::Mount& mount, bool is_visible,
                               std::uint64_t minimum, Moment deadline) {
  GuestFilesystemTrimResult result;
  result.path = mount.mountpoint;
  if (!is_visible) {
    result.error = "failed to open: another file system is mounted over it";
    return result;
  }
  const auto trimmed = platform::trim_file_system(device, mount, minimum, deadline);
  if (!trimmed) {
    result.error = trimmed.error().text;
    return result;
  }
  result.trimmed = static_cast<std::int64_t>(trimmed->bytes);
  result.minimum = static_cast<std::int64_t>(trimmed->minimum);
  return result;
}

/// An overlay, a file and a pool of ZFS have no blocks that they could give back themselves.
bool can_have_blocks(const platform::Mount& mount) {
  return platform::storage_of(mount) == platform::Storage::kBlockDevice || mount.type == "btrfs" ||
         mount.type == "bcachefs";
}

}  // namespace

Result<FstrimResult> fstrim(Context& context, const FstrimArgs& args) {
  const auto table = platform::mounts(context.host.root);
  if (!table) return table.error();
  const Moment deadline = std::chrono::steady_clock::now() + limits::kTrimming;
  const auto minimum = static_cast<std::uint64_t>(args.minimum.value_or(0));
  FstrimResult result;
  for (const platform::Mount* mount : platform::file_systems(*table)) {
    if (!can_have_blocks(*mount)) continue;
    result.paths.push_back(trim(*context.host.disks.trim, *mount, table->is_visible(*mount), minimum, deadline));
  }
  std::reverse(result.paths.begin(), result.paths.end());  // the one that was mounted last first, as in qemu-ga
  return result;
}

}  // namespace guestd::commands
