// SPDX-License-Identifier: Apache-2.0
#include "platform/host.hpp"

#include <cstdlib>

namespace guestd::platform {
namespace {

constexpr const char* kHandsOff = "GUESTD_HANDS_OFF";

void take_hold(Host& host) {
  host.freezer = kernel_freezer(host.root);
  host.online_switch = std::make_unique<SysfsOnlineSwitch>(Root::system());
  host.programs = std::make_unique<SystemPrograms>();
  host.bus = system_bus();
  host.clock_devices = kernel_clock_devices(host.root);
  host.kernel_power = kernel_power(host.root);
  host.identity = system_identity(host.root);
}

void leave_alone(Host& host, const std::string& reason) {
  host.freezer = refusing_freezer(reason);
  host.online_switch = refusing_online_switch(reason);
  host.programs = refusing_programs(reason);
  host.bus = no_system_bus(reason);
  host.clock_devices = refusing_clock_devices(reason);
  host.kernel_power = refusing_power(reason);
  host.identity = refusing_identity(reason);
}

}  // namespace

Host system_host() {
  // Read once, before there are other threads.
  const char* os_release = std::getenv("QGA_OS_RELEASE");
  Host host{Root::system(), std::make_unique<SystemClock>(), os_release == nullptr ? "" : os_release,
            system_disk_backends()};
  if (std::getenv(kHandsOff) == nullptr) {
    take_hold(host);
  } else {
    leave_alone(host, std::string(kHandsOff) + " is set");
  }
  host.labels = system_file_labels();
  return host;
}

}  // namespace guestd::platform
