// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/device_number.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// What the agent leaves in its state directory as long as a freeze is under way, for the one that comes after it if
/// it is killed.
struct FreezeMarker {
  enum class Phase {
    kFreezing,  ///< the host has not been told that anything is frozen
    kFrozen,    ///< it has, or is about to be
  };
  struct FileSystem {
    DeviceNumber device;
    std::string mountpoint;
    bool operator==(const FileSystem&) const = default;
  };

  std::string boot_id;  ///< of the boot that it belongs to: no freeze outlives a boot
  Phase phase = Phase::kFreezing;
  std::chrono::nanoseconds since{};        ///< when the first file system was about to be frozen (CLOCK_BOOTTIME)
  std::chrono::nanoseconds deadline{};     ///< when everything is thawed (CLOCK_BOOTTIME); 0: never
  std::vector<FileSystem> file_systems{};  ///< in the order of freezing; not all need be frozen
  std::vector<std::string> hooks{};        ///< those that were called with `freeze`, in this order

  bool operator==(const FreezeMarker&) const = default;
};

std::string format_freeze_marker(const FreezeMarker& marker);

/// The error says what is wrong with the text. Numbers, counts and sizes are bounded, and paths are absolute.
Result<FreezeMarker> parse_freeze_marker(std::string_view text);

/// The marker's file in one state directory. Not thread-safe.
class FreezeMarkerFile {
 public:
  explicit FreezeMarkerFile(const std::string& state_directory);

  /// Nothing if there is none. A file that does not belong to root (or the running user) is not trusted.
  [[nodiscard]] Result<std::optional<FreezeMarker>> read() const;
  Result<void> write(const FreezeMarker& marker) const;
  void remove() const;
  /// Whether it can be written while disks are frozen, because it is in memory.
  [[nodiscard]] bool is_in_memory() const;

 private:
  std::string folder_;
  std::string path_;
};

/// The id that the kernel gives to this boot.
Result<std::string> boot_id(const Root& root);

}  // namespace guestd::platform
