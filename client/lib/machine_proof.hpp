// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "client/lib/monitor.hpp"
#include "client/lib/monitor_events.hpp"

/// What the agent cannot tell because it is gone by then, and QEMU can: that a guest has shut down, sleeps or is awake.
/// The events are listened for from before the guest was asked (MonitorEvents), or one may come too early.
namespace guestd::client {

/// SHUTDOWN, the state `shutdown`, or QEMU's end. Stays of the guest that cannot go on are errors: it has panicked, was
/// stopped, or was reset instead.
Result<void> await_shutdown(Monitor& monitor, MonitorEvents& events, Deadline deadline);

/// RESET, as a reboot ends. A shutdown instead is an error.
Result<void> await_reset(Monitor& monitor, MonitorEvents& events, Deadline deadline);

/// SUSPEND or the state `suspended`; SUSPEND_DISK counts too.
Result<void> await_suspend(Monitor& monitor, MonitorEvents& events, Deadline deadline);

/// Wakes a machine that sleeps and waits until it runs: WAKEUP or the state `running`. An error if it does not sleep.
Result<void> wake_up(Monitor& monitor, MonitorEvents& events, Deadline deadline);

/// After the guest's time was set: the clock's missed interrupts shall not move it again. Machines whose clock does
/// not keep any answer with an error of kind kUnsupported or are fine.
Result<void> forget_missed_ticks(Monitor& monitor);

}  // namespace guestd::client
