// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/clock.hpp"
#include "platform/program.hpp"
#include "platform/root.hpp"
#include "platform/system_bus.hpp"

namespace guestd::platform {

enum class PowerAction { kPowerDown, kHalt, kReboot, kSuspendToRam, kSuspendToDisk, kHybridSleep };

/// What the kernel itself does, at once. Thread-safe.
class KernelPower {
 public:
  virtual ~KernelPower() = default;
  /// Writes out what is in memory, for a limited time, and ends the system (reboot(2)): no service is stopped. Does not
  /// return if it succeeds. For the first three actions.
  virtual Result<void> end_system(PowerAction action) = 0;
  /// Writes a word to a file of /sys/power. `state` comes back when the machine has woken up.
  virtual Result<void> write(std::string_view file, std::string_view word) = 0;
};

/// The real one; on a fixture it refuses everything.
std::unique_ptr<KernelPower> kernel_power(const Root& root);

/// Refuses everything with `reason`.
std::unique_ptr<KernelPower> refusing_power(std::string reason);

/// With what the machine is switched off and put to sleep.
struct PowerTools {
  const Root& root;
  const SystemBus& bus;
  Programs& programs;
  KernelPower& kernel;
  const Clock& clock;
};

/// Begins to end the system, in the first of these ways that works: logind; the tools of the init system, found by what
/// is there (systemd, OpenRC, those with `poweroff` and its brothers such as busybox and sysvinit, `shutdown`); and if
/// the guest has none of them, the kernel. Returns when it has begun, after a minute at the latest: what blocks a
/// shutdown (inhibitors) is passed over, as the host's word counts for more. The error tells of every way that failed,
/// and of those for which there was no time left.
Result<void> shut_down(const PowerTools& tools, PowerAction action);

/// Puts the machine to sleep: by logind, else by systemd or pm-utils, else by /sys/power. It may return before the
/// machine sleeps, or after it has woken up. Whether the guest can do it is asked first: if it cannot, nothing has
/// happened and the error is Kind::kUnsupported.
Result<void> suspend(const PowerTools& tools, PowerAction action);

/// Whether the kernel has this kind of sleep at all, from /sys/power. Never waits. The system may still refuse it, such
/// as a sleep to disk without swap space.
bool kernel_can_suspend(const Root& root, PowerAction action);

}  // namespace guestd::platform
