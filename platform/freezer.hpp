// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "platform/mounts.hpp"

namespace guestd::platform {

/// One file system, held by a descriptor so that it is thawed whatever becomes of its mount point meanwhile. It does
/// not keep the file system from being unmounted, where the kernel can do that (5.2 and later). One thread at a time.
///
/// Errors carry errno_value. EBUSY: somebody else has frozen it. EOPNOTSUPP: this kind cannot be frozen.
class FreezeTarget {
 public:
  virtual ~FreezeTarget() = default;
  /// Writes out what is in memory (syncfs(2)), so that the freeze itself is short.
  virtual void write_back() = 0;
  /// Blocks until everything is on the disk and nobody can write any more (FIFREEZE): `failed to freeze <mountpoint>:
  /// <e>`, with a cause behind it where one is known.
  virtual Result<void> freeze() = 0;
  /// `failed to thaw <mountpoint>: <e>`; EINVAL if it was not frozen.
  virtual Result<void> thaw() = 0;
};

/// Freezes file systems. Thread-safe.
class Freezer {
 public:
  virtual ~Freezer() = default;
  /// Opens the mount point and makes sure that it leads to this very mount, not to one that has been put over it since
  /// the table was read: `failed to open <mountpoint>: <e>`; ESTALE in that case. Triggers no automount.
  virtual Result<std::unique_ptr<FreezeTarget>> open(const Mount& mount) = 0;
};

/// The real one. On a fixture there is nothing to freeze, so it refuses there: a test can never freeze the machine
/// that it runs on by its own root.
std::unique_ptr<Freezer> kernel_freezer(const Root& root);

/// One that refuses everything with `reason`.
std::unique_ptr<Freezer> refusing_freezer(std::string reason);

}  // namespace guestd::platform
