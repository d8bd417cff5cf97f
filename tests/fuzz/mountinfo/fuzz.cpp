// SPDX-License-Identifier: Apache-2.0
// The mount table from any text: every line is a mount or counted, and every mount's place leads somewhere.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "platform/mounts.hpp"

namespace {

namespace platform = guestd::platform;

void require(bool condition) {
  if (!condition) std::abort();
}

/// Look-ups take time in proportion to the table.
constexpr std::size_t kLookUps = 64;

std::size_t lines_of(std::string_view text) {
  std::size_t lines = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) ++lines;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void look_up(const platform::MountTable& table, const platform::Mount& mount) {
  require(table.find(mount.id) != nullptr && table.find(mount.id)->id == mount.id);
  const platform::Mount* reached = table.mount_of(mount.mountpoint);
  require(!table.is_visible(mount) || (reached != nullptr && reached->id == mount.id));
  static_cast<void>(platform::storage_of(mount));
  static_cast<void>(platform::is_bind_mount(mount));
  static_cast<void>(platform::is_read_only(mount));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const platform::MountTable table = platform::parse_mountinfo(text);
  require(table.mounts().size() + table.skipped_lines() == lines_of(text));
  const std::size_t count = std::min(table.mounts().size(), kLookUps);
  for (std::size_t i = 0; i < count; ++i) look_up(table, table.mounts()[i]);
  return 0;
}
