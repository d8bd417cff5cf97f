// SPDX-License-Identifier: Apache-2.0
#include "platform/file_system_usage.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

namespace guestd::platform {

namespace {

std::uint64_t bytes_of(std::uint64_t blocks, std::uint64_t block_size) {
  std::uint64_t bytes = 0;
  // Numbers that no disk has come from a broken or hostile file system.
  return __builtin_mul_overflow(blocks, block_size, &bytes) ? std::numeric_limits<std::uint64_t>::max() : bytes;
}

Error no_answer(const std::string& mountpoint) {
  return Error::from_errno("the file system at " + mountpoint + " does not answer", ETIMEDOUT);
}

}  // namespace

FileSystemUsages::FileSystemUsages(std::shared_ptr<const UsageSource> source, InTime::Limits limits)
    : source_(std::move(source)), in_time_(limits) {}

std::vector<Result<FileSystemUsage>> FileSystemUsages::of(const std::vector<MountedAt>& mounts) {
  const auto answers = std::make_shared<std::vector<std::optional<Result<FileSystemUsage>>>>(mounts.size());
  std::vector<InTime::Question> questions;
  questions.reserve(mounts.size());
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    questions.push_back({std::to_string(mounts[i].mount_id) + " " + mounts[i].mountpoint,
                         [answers, i, source = source_, mountpoint = mounts[i].mountpoint] {
                           (*answers)[i] = source->usage(mountpoint);
                         }});
  }
  const auto answered = in_time_.ask(std::move(questions));
  std::vector<Result<FileSystemUsage>> results;
  results.reserve(mounts.size());
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    results.push_back(answered[i] ? *(*answers)[i] : no_answer(mounts[i].mountpoint));
  }
  return results;
}

Result<FileSystemUsage> SystemUsage::usage(const std::string& mountpoint) const {
  struct statvfs status {};
  while (::statvfs(mountpoint.c_str(), &status) != 0) {
    if (errno != EINTR) return Error::from_errno("cannot look at " + mountpoint, errno);
  }
  const std::uint64_t used = status.f_blocks - std::min(status.f_bfree, status.f_blocks);
  FileSystemUsage usage;
  usage.used_bytes = bytes_of(used, status.f_frsize);
  usage.total_bytes = bytes_of(used + status.f_bavail, status.f_frsize);
  usage.total_privileged_bytes = bytes_of(status.f_blocks, status.f_frsize);
  return usage;
}

}  // namespace guestd::platform
