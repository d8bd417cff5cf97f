// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <string_view>

#include "base/result.hpp"
#include "client/lib/monitor.hpp"
#include "generated/qmp/events.hpp"

namespace guestd::client {

/// Keeps the events of a monitor from the moment it is made, so that none is lost between asking for something and
/// waiting for it to show. The monitor outlives it and has no other handler meanwhile. The oldest are dropped beyond a
/// thousand.
class MonitorEvents {
 public:
  explicit MonitorEvents(Monitor& monitor);
  MonitorEvents(const MonitorEvents&) = delete;
  MonitorEvents& operator=(const MonitorEvents&) = delete;
  ~MonitorEvents();

  /// The next event, of those that `wanted` is true for; others are dropped. kTimedOut, or kUnreachable once QEMU has
  /// closed the monitor and nothing more is there.
  Result<qmp::Event> next(Deadline deadline, const std::function<bool(const qmp::Event&)>& wanted);
  Result<qmp::Event> next(Deadline deadline);

 private:
  Monitor& monitor_;
  std::deque<qmp::Event> events_;
};

/// As on the wire: `VSERPORT_CHANGE`.
std::string_view event_name(const qmp::Event& event);

}  // namespace guestd::client
