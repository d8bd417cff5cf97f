// SPDX-License-Identifier: Apache-2.0
#include "platform/host.hpp"

#include <cstdlib>

namespace guestd::platform {

Host system_host() {
  // Read once, before there are other threads.
  const char* os_release = std::getenv("QGA_OS_RELEASE");
  const bool never_freezes = std::getenv("GUESTD_NEVER_FREEZE") != nullptr;
  Host host{Root::system(), std::make_unique<SystemClock>(), os_release == nullptr ? "" : os_release,
            system_disk_backends()};
  host.freezer = never_freezes ? refusing_freezer("GUESTD_NEVER_FREEZE is set") : kernel_freezer(host.root);
  host.programs = std::make_unique<SystemPrograms>();
  return host;
}

}  // namespace guestd::platform
