// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "platform/mounts.hpp"

namespace guestd::platform {

/// A range of a file system to trim, as FITRIM takes it. Bytes.
struct TrimRange {
  std::uint64_t start = 0;
  std::uint64_t length = 0;
  std::uint64_t minimum = 0;
};

/// What the kernel did: bytes that it gave back, and the smallest range that it considered.
struct Trimmed {
  std::uint64_t bytes = 0;
  std::uint64_t minimum = 0;

  bool operator==(const Trimmed&) const = default;
};

/// The effect. Errors carry errno_value. Thread-safe.
class TrimDevice {
 public:
  virtual ~TrimDevice() = default;
  /// A descriptor of the folder.
  [[nodiscard]] virtual Result<UniqueFd> open(const std::string& mountpoint) const = 0;
  /// May take minutes, and cannot be interrupted.
  [[nodiscard]] virtual Result<Trimmed> trim(const UniqueFd& folder, const TrimRange& range) const = 0;
};

/// FITRIM on this machine.
class SystemTrim final : public TrimDevice {
 public:
  [[nodiscard]] Result<UniqueFd> open(const std::string& mountpoint) const override;
  [[nodiscard]] Result<Trimmed> trim(const UniqueFd& folder, const TrimRange& range) const override;
};

/// Opens and trims nothing: EPERM. `reason` is part of the text.
std::unique_ptr<const TrimDevice> refusing_trim(std::string reason);

/// Trims all of one file system and says how much it gave back. Where the kernel can do it in parts (ext4, XFS), stops
/// at the deadline. Error texts are those of guest-fstrim.
Result<Trimmed> trim_file_system(const TrimDevice& device, const Mount& mount, std::uint64_t minimum,
                                 std::chrono::steady_clock::time_point deadline);

}  // namespace guestd::platform
