// SPDX-License-Identifier: Apache-2.0
#include "platform/trim.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <limits>
#include <utility>

namespace guestd::platform {

namespace {

constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

/// What is trimmed between two looks at the clock.
constexpr std::uint64_t kPart = std::uint64_t{64} << 30U;

/// ext4 and XFS take a range of their disk, and a start beyond its end is EINVAL (fs/ext4/mballoc.c,
/// fs/xfs/xfs_discard.c). Others do not: btrfs trims its unallocated space again for every range.
bool goes_in_parts(const Mount& mount) { return mount.type == "ext4" || mount.type == "xfs"; }

Error trim_error(int code) {
  if (code == ENOTTY || code == EOPNOTSUPP) return Error{"trim not supported", code};
  return Error::from_errno("failed to trim", code);
}

Result<Trimmed> trim_in_parts(const TrimDevice& device, const UniqueFd& folder, std::uint64_t minimum,
                              std::chrono::steady_clock::time_point deadline) {
  Trimmed all{0, minimum};
  for (std::uint64_t start = 0; start <= kAll - kPart; start += kPart) {
    if (std::chrono::steady_clock::now() >= deadline) return trim_error(ETIMEDOUT);
    const auto part = device.trim(folder, {start, kPart, minimum});
    // The first part begins at 0, where every file system has something: EINVAL is about something else there.
    if (!part && start > 0 && part.error().errno_value == EINVAL) break;
    if (!part) return trim_error(part.error().errno_value);
    all.bytes += part->bytes;
    all.minimum = part->minimum;
  }
  return all;
}

class RefusingTrim final : public TrimDevice {
 public:
  explicit RefusingTrim(std::string reason) : reason_(std::move(reason)) {}

  [[nodiscard]] Result<UniqueFd> open(const std::string& /*mountpoint*/) const override { return refused(); }
  [[nodiscard]] Result<Trimmed> trim(const UniqueFd& /*folder*/, const TrimRange& /*range*/) const override {
    return refused();
  }

 private:
  [[nodiscard]] Error refused() const { return Error{"file systems are left alone: " + reason_, EPERM}; }

  std::string reason_;
};

}  // namespace

std::unique_ptr<const TrimDevice> refusing_trim(std::string reason) {
  return std::make_unique<RefusingTrim>(std::move(reason));
}

Result<UniqueFd> SystemTrim::open(const std::string& mountpoint) const {
  UniqueFd folder(::open(mountpoint.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!folder.valid()) return Error::from_errno("failed to open", errno);
  return folder;
}

Result<Trimmed> SystemTrim::trim(const UniqueFd& folder, const TrimRange& range) const {
  fstrim_range request{};
  request.start = range.start;
  request.len = range.length;
  request.minlen = range.minimum;
  if (::ioctl(folder.get(), FITRIM, &request) != 0) return Error::from_errno("failed to trim", errno);
  return Trimmed{request.len, request.minlen};
}

Result<Trimmed> trim_file_system(const TrimDevice& device, const Mount& mount, std::uint64_t minimum,
                                 std::chrono::steady_clock::time_point deadline) {
  if (std::chrono::steady_clock::now() >= deadline) return trim_error(ETIMEDOUT);
  auto folder = device.open(mount.mountpoint);
  if (!folder) return Error::from_errno("failed to open", folder.error().errno_value);
  if (goes_in_parts(mount)) return trim_in_parts(device, *folder, minimum, deadline);
  auto trimmed = device.trim(*folder, {0, kAll, minimum});
  if (!trimmed) return trim_error(trimmed.error().errno_value);
  return trimmed;
}

}  // namespace guestd::platform
