// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// What the running kernel says about itself.
struct KernelIdentity {
  std::string release;  ///< `uname -r`
  std::string version;  ///< `uname -v`
  std::string machine;  ///< `uname -m`
};

/// uname(2); for a fixture the files below /proc/sys/kernel that show the same.
Result<KernelIdentity> kernel_identity(const Root& root);

/// The host name as the kernel has it now (not /etc/hostname).
Result<std::string> host_name(const Root& root);

}  // namespace guestd::platform
