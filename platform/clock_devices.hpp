// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// The clocks of the machine, each by itself. Thread-safe.
///
/// Errors name the device. Where there is no such device they are Kind::kUnsupported.
class ClockDevices {
 public:
  virtual ~ClockDevices() = default;
  /// The system clock, in nanoseconds since 1970 (UTC).
  virtual Result<void> set_system_clock(std::int64_t now_ns) = 0;
  /// Whether there is a hardware clock (RTC) that we may use.
  virtual Result<void> find_rtc() = 0;
  /// What the hardware clock shows, at the moment at which its second begins (that takes up to a second), in whatever
  /// zone it is kept.
  virtual Result<std::tm> read_rtc() = 0;
  virtual Result<void> write_rtc(const std::tm& shown) = 0;
  /// The clock of the host in nanoseconds since 1970 (UTC), where the hypervisor has one for its guests (the devices of
  /// ptp_kvm, ptp_vmclock and Hyper-V). A network card's is not meant: nobody knows what it shows.
  virtual Result<std::int64_t> read_host_clock() = 0;
};

/// The real ones. On a fixture there are none, so everything is refused there.
std::unique_ptr<ClockDevices> kernel_clock_devices(const Root& root);

/// Refuses everything with `reason`.
std::unique_ptr<ClockDevices> refusing_clock_devices(std::string reason);

}  // namespace guestd::platform
