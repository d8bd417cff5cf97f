// SPDX-License-Identifier: Apache-2.0
#include "platform/host.hpp"

#include <cstdlib>

namespace guestd::platform {

Host system_host() {
  // Read once, before there are other threads.
  const char* os_release = std::getenv("QGA_OS_RELEASE");
  Host host{Root::system(), std::make_unique<SystemClock>(), os_release == nullptr ? "" : os_release};
  host.programs = std::make_unique<SystemPrograms>();
  host.labels = system_file_labels();
  return host;
}

}  // namespace guestd::platform
