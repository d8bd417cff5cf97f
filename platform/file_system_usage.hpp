// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "platform/in_time.hpp"

namespace guestd::platform {

struct FileSystemUsage {
  std::uint64_t used_bytes = 0;
  std::uint64_t total_bytes = 0;             ///< used, and free for ordinary users
  std::uint64_t total_privileged_bytes = 0;  ///< all, what is kept for root included

  bool operator==(const FileSystemUsage&) const = default;
};

/// Asks one file system. Thread-safe.
class UsageSource {
 public:
  virtual ~UsageSource() = default;
  /// May never return: a file system can wait for a process, a machine or a disk that has gone.
  [[nodiscard]] virtual Result<FileSystemUsage> usage(const std::string& mountpoint) const = 0;
};

/// statvfs(3) on this machine.
class SystemUsage final : public UsageSource {
 public:
  [[nodiscard]] Result<FileSystemUsage> usage(const std::string& mountpoint) const override;
};

/// A mounted file system. The id tells it from another one that is mounted at the same place later.
struct MountedAt {
  int mount_id = 0;
  std::string mountpoint;

  auto operator<=>(const MountedAt&) const = default;
};

/// Asks many file systems and comes back in time, also if some never answer (InTime). Thread-safe.
class FileSystemUsages {
 public:
  explicit FileSystemUsages(std::shared_ptr<const UsageSource> source)
      : FileSystemUsages(std::move(source), InTime::Limits()) {}
  FileSystemUsages(std::shared_ptr<const UsageSource> source, InTime::Limits limits);

  /// One result for each mount, in their order. No answer in time is ETIMEDOUT.
  [[nodiscard]] std::vector<Result<FileSystemUsage>> of(const std::vector<MountedAt>& mounts);
  /// How many file systems have not answered so far.
  [[nodiscard]] std::size_t silent() const { return in_time_.silent(); }

 private:
  std::shared_ptr<const UsageSource> source_;
  InTime in_time_;
};

}  // namespace guestd::platform
