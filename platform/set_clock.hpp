// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "platform/clock_devices.hpp"
#include "platform/program.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// With what clocks are set.
struct ClockTools {
  const Root& root;
  ClockDevices& devices;
  Programs& programs;  ///< for hwclock(8), where the device refuses us
};

/// Whether /etc/adjtime (hwclock(8)) says that the hardware clock shows local time.
bool parse_adjtime_is_local(std::string_view adjtime);

/// Whether qemu-ga would take this time (in nanoseconds since 1970): the years 1970 to 2069.
Result<void> check_clock_time(std::int64_t time_ns);

/// What the hardware clock says, in nanoseconds since 1970 (UTC). Without one, the host's clock; with neither the error
/// is Kind::kUnsupported.
Result<std::int64_t> hardware_clock_ns(const ClockTools& tools);

/// Sets the system clock, and the hardware clock if there is one. That it can be reached is found out before anything
/// changes. If only the first succeeds, the error says so.
Result<void> set_clocks(const ClockTools& tools, std::int64_t now_ns);

}  // namespace guestd::platform
