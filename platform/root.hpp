// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace guestd::platform {

/// Where platform code reads from: the machine itself, or a fixture folder in tests. Paths are absolute as on the
/// machine (`/etc/os-release`). Inside a fixture every step, symbolic links included, is resolved below the folder
/// (openat2(2) with RESOLVE_IN_ROOT). A path with a NUL in it is EINVAL. Thread-safe.
class Root {
 public:
  static constexpr std::size_t kSmallFile = 1U << 20U;

  static Root system() { return Root(UniqueFd()); }
  static Result<Root> at(const std::string& folder);
  /// The same, for a thread that may outlive this one.
  [[nodiscard]] Root copy() const;

  /// open(2) with O_CLOEXEC added; `mode` is that of a file which O_CREAT makes, before the umask. The error names
  /// the path.
  [[nodiscard]] Result<UniqueFd> open(const std::string& path, int flags, mode_t mode = 0) const;
  /// What becomes of a link at the very end of a path.
  enum class LastLink { kFollowed, kHeld };
  /// An O_PATH descriptor of what `path` leads to, links followed, but not those of /proc that lead out of any path
  /// (`/proc/self/fd/1`): ELOOP. The error names the path.
  [[nodiscard]] Result<UniqueFd> resolve(const std::string& path, LastLink last = LastLink::kFollowed) const;
  /// Where the file (or link) of a descriptor lies: the one path to it without links, at which it is found at this
  /// moment. ENOENT if it has none: deleted, of another mount name space, never in a file system. Needs /proc.
  [[nodiscard]] Result<std::string> path_of(int fd) const;
  /// A whole small file (more than `limit_bytes` is EFBIG). Never waits for a FIFO. The error names the path.
  [[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t limit_bytes = kSmallFile) const;
  /// The names in a folder but `.` and `..`, sorted. The error names the path.
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& path) const;
  /// What a symbolic link says, as it stands there. The error names the path.
  [[nodiscard]] Result<std::string> read_link(const std::string& path) const;
  /// Whether this is the machine itself, so that libc facilities which know no root may be used.
  [[nodiscard]] bool is_system() const { return !folder_.valid(); }

 private:
  explicit Root(UniqueFd folder) : folder_(std::move(folder)) {}

  [[nodiscard]] Result<std::string> without_prefix(std::string path) const;

  UniqueFd folder_;
};

}  // namespace guestd::platform
