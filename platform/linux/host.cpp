// SPDX-License-Identifier: Apache-2.0
#include "platform/host.hpp"

#include <cstdlib>
#include <string_view>

namespace guestd::platform {
namespace {

constexpr const char* kHandsOff = "GUESTD_HANDS_OFF";
constexpr std::string_view kExceptExec = "except-exec";

void take_hold(Host& host) {
  host.freezer = kernel_freezer(host.root);
  host.online_switch = std::make_unique<SysfsOnlineSwitch>(Root::system());
  host.programs = std::make_unique<SystemPrograms>();
  host.processes = system_processes();
  host.bus = system_bus();
  host.clock_devices = kernel_clock_devices(host.root);
  host.kernel_power = kernel_power(host.root);
  host.identity = system_identity(host.root);
}

void leave_alone(Host& host, const std::string& reason) {
  host.disks.trim = refusing_trim(reason);
  host.freezer = refusing_freezer(reason);
  host.online_switch = refusing_online_switch(reason);
  host.programs = refusing_programs(reason);
  host.processes = refusing_processes(reason);
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
  const char* hands_off = std::getenv(kHandsOff);
  if (hands_off == nullptr) {
    take_hold(host);
  } else {
    leave_alone(host, std::string(kHandsOff) + " is set");
    if (hands_off == kExceptExec) host.processes = system_processes();
  }
  host.labels = system_file_labels();
  return host;
}

}  // namespace guestd::platform
