// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "client/lib/deadline.hpp"

namespace guestd::client {

/// Keeps other clients of this library away from a socket or serial line for as long as it lives: on a stream that two
/// share, each would take the other's replies. It is a lock (flock(2)) on a file named after the inode of `path`, in
/// /run/guestctl, or for others than root in guestctl below XDG_RUNTIME_DIR, or else in /tmp/guestctl-UID. The kernel
/// lets it go when the process ends.
class StreamLock {
 public:
  /// No lock.
  StreamLock() = default;
  /// Waits for the one who holds it. kTimedOut names that process.
  static Result<StreamLock> take(const std::string& path, Deadline deadline);

 private:
  explicit StreamLock(UniqueFd file) : file_(std::move(file)) {}
  UniqueFd file_;
};

}  // namespace guestd::client
