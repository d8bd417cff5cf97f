// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace guestd::platform {

/// Where the time comes from. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall time: nanoseconds since 1970-01-01 00:00 UTC. May jump.
  [[nodiscard]] virtual std::int64_t now_ns() const = 0;
  /// Time for measuring how long something lasts; never jumps back.
  [[nodiscard]] virtual std::chrono::nanoseconds monotonic() const = 0;
  /// The same, but it goes on while the machine is suspended (CLOCK_BOOTTIME): for deadlines that must be met.
  [[nodiscard]] virtual std::chrono::nanoseconds since_boot() const { return monotonic(); }
};

/// The machine's own clock.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ns() const override;
  [[nodiscard]] std::chrono::nanoseconds monotonic() const override;
  [[nodiscard]] std::chrono::nanoseconds since_boot() const override;
};

}  // namespace guestd::platform
