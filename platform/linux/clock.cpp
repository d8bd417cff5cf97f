// SPDX-License-Identifier: Apache-2.0
#include "platform/clock.hpp"

#include <time.h>

namespace guestd::platform {

namespace {

std::int64_t read_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

std::int64_t SystemClock::now_ns() const { return read_ns(CLOCK_REALTIME); }

std::chrono::nanoseconds SystemClock::monotonic() const { return std::chrono::nanoseconds(read_ns(CLOCK_MONOTONIC)); }

std::chrono::nanoseconds SystemClock::since_boot() const { return std::chrono::nanoseconds(read_ns(CLOCK_BOOTTIME)); }

}  // namespace guestd::platform
