// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "base/result.hpp"

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

/// Asks many file systems and comes back in time, also if some never answer. Questions run one after the other on a
/// thread of their own; one that takes long gets the thread for itself while another goes on with the rest. What has
/// not answered in time keeps its thread until it does, and is not asked again before that. Thread-safe.
class FileSystemUsages {
 public:
  struct Limits {
    std::chrono::milliseconds answer = limits::kFileSystemAnswer;
    std::chrono::milliseconds patience{200};  ///< after this time another thread goes on with the rest
    std::size_t threads = limits::kFileSystemAskers;
  };

  explicit FileSystemUsages(std::shared_ptr<const UsageSource> source)
      : FileSystemUsages(std::move(source), Limits()) {}
  FileSystemUsages(std::shared_ptr<const UsageSource> source, Limits limits);
  /// Does not wait for threads that are still stuck; they own what they need.
  ~FileSystemUsages();
  FileSystemUsages(const FileSystemUsages&) = delete;
  FileSystemUsages& operator=(const FileSystemUsages&) = delete;

  /// One result for each mount, in their order. No answer in time is ETIMEDOUT.
  [[nodiscard]] std::vector<Result<FileSystemUsage>> of(const std::vector<MountedAt>& mounts);
  /// How many file systems have not answered so far.
  [[nodiscard]] std::size_t silent() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace guestd::platform
