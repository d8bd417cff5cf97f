// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "base/result.hpp"

namespace guestd::platform {

/// What can be changed of a file. What is not there stays as it is. Times are nanoseconds since 1970.
struct FileAttributes {
  std::optional<std::int64_t> size_bytes{};
  std::optional<uid_t> uid{};
  std::optional<gid_t> gid{};
  std::optional<mode_t> mode{};
  std::optional<std::int64_t> access_ns{};
  std::optional<std::int64_t> modify_ns{};
};

/// Changes a file that is held (hold_file) or open, in the order above: a new owner takes bits off the mode, and all of
/// them change times. The first that fails ends it, and the error says which. Only a regular file has a size to set; a
/// symbolic link that is held has no mode.
Result<void> set_attributes(int fd, const FileAttributes& attributes);

}  // namespace guestd::platform
