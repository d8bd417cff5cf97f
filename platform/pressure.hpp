// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// How much of the time tasks stood still for want of something.
struct Stall {
  double avg10_percent = 0;  ///< of the last ten seconds
  double avg60_percent = 0;
  double avg300_percent = 0;
  std::uint64_t total_us = 0;  ///< since the start of the system
};

/// The pressure on one kind of resource. Source: Linux, Documentation/accounting/psi.rst.
struct Pressure {
  Stall some{};                 ///< at least one task stood still
  std::optional<Stall> full{};  ///< all of them did. For CPUs only kernels since 5.13 tell it
};

enum class PressureOn { kCpu, kIo, kMemory };

/// Reads the text of a file of /proc/pressure; nothing if it has no whole line `some`.
std::optional<Pressure> parse_pressure(std::string_view text);

/// Nothing where the kernel does not tell it: built without PSI, or started with psi=0 or without psi=1.
/// `cannot read the pressure on <memory>: <e>`
Result<std::optional<Pressure>> pressure(const Root& root, PressureOn resource);

}  // namespace guestd::platform
