// SPDX-License-Identifier: Apache-2.0
#include "platform/host.hpp"

#include <cstdlib>

namespace guestd::platform {

Host system_host() {
  // Read once, before there are other threads.
  const char* os_release = std::getenv("QGA_OS_RELEASE");
  return Host{Root::system(), std::make_unique<SystemClock>(), os_release == nullptr ? "" : os_release,
              system_disk_backends(), std::make_unique<SysfsOnlineSwitch>(Root::system())};
}

}  // namespace guestd::platform
