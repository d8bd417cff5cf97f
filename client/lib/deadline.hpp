// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <climits>

namespace guestd::client {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

inline constexpr std::chrono::milliseconds kForever = std::chrono::milliseconds::max();

/// `timeout` from now; kForever and other far ones never pass.
inline Deadline deadline_in(std::chrono::milliseconds timeout) {
  const auto now = Clock::now();
  if (timeout > std::chrono::duration_cast<std::chrono::milliseconds>(Deadline::max() - now)) return Deadline::max();
  return now + timeout;
}

/// What poll(2) takes: the milliseconds that are left, rounded up, 0 if none are, -1 for ever.
inline int poll_timeout(Deadline deadline) {
  if (deadline == Deadline::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  if (left <= 0) return 0;
  return left > INT_MAX ? INT_MAX : static_cast<int>(left);
}

/// Waits until the descriptor is ready for `events` (or hung up); false when the time is over.
bool wait_for(int fd, short events, Deadline deadline);

}  // namespace guestd::client
