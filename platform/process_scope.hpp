// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/root.hpp"
#include "platform/system_bus.hpp"

namespace guestd::platform {

/// A scope of systemd (systemd.scope(5)): a control group that holds a program and all that it starts, outside of the
/// agent's own, so that it outlives the agent's service and can be ended as a whole. It goes away when its last process
/// has ended.
struct ProcessScope {
  std::string unit;         ///< `<name>.scope`
  std::string description;  ///< for systemctl
  pid_t leader = -1;        ///< of the session whose processes move in
};

/// Whether systemd manages this machine.
bool has_systemd(const Root& root);

/// Makes the scope and moves the leader in, the processes of its session, and their descendants, as far as they are in
/// the agent's own control group. Waits for systemd, ten seconds at most for the leader to arrive. An error if the
/// leader ends before; others that end meanwhile are none.
Result<void> make_process_scope(const SystemBus& bus, const Root& root, const ProcessScope& scope);

/// Sends a signal to all processes of a scope.
Result<void> signal_process_scope(const SystemBus& bus, const std::string& unit, int signal);

/// A process and where it comes from.
struct ProcessKin {
  pid_t pid = -1;
  pid_t parent = -1;
  pid_t session = -1;
};
/// The text of /proc/<pid>/stat (proc(5)).
std::optional<ProcessKin> parse_process_kin(std::string_view stat);
/// The leader, those of its session, and the descendants of all of them.
std::vector<std::uint32_t> kin_of(pid_t leader, const std::vector<ProcessKin>& all);

}  // namespace guestd::platform
