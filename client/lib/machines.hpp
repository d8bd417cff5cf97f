// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace guestd::client {

/// Where an agent is behind a QEMU, as its command line says.
struct AgentPort {
  std::string socket;   ///< path of the character device's Unix socket; "" if it has none (a pty, a descriptor)
  std::string chardev;  ///< its id
  std::string device;   ///< id of the port in the guest; "" if it was given none
};

/// A virtual machine of this host.
struct Machine {
  std::string name;                ///< "" if it has none
  std::string uuid;                ///< "" if it was given none
  std::optional<pid_t> pid;        ///< of QEMU, if it was found as a process
  std::optional<AgentPort> agent;  ///< its first port for an agent
  std::string monitor;             ///< path of a QMP socket on which it listens; "" if there is none
  std::string found_by;            ///< `process`, `Proxmox VE`, `libvirt`
  /// Its process belongs to another user of this host, who may have written anything into the command line: nobody is
  /// to be led there without having asked for it. System accounts such as libvirt-qemu are no such users.
  bool of_other_user = false;
};

/// What a command line of QEMU tells. `arguments` begins with the program. Both forms of options are read:
/// `key=value,...` (a comma in a value is written twice) and JSON. Paths stay as they are.
Machine parse_qemu_arguments(std::span<const std::string> arguments);

/// QEMU's processes, below `proc`. Relative paths of sockets become absolute. Processes of others whose command line
/// cannot be read are left out.
std::vector<Machine> running_machines(const std::string& proc = "/proc");

/// These, and what lies in the usual places of Proxmox VE (`/run/qemu-server/N.qga`, `N.qmp`) and libvirt
/// (`.../channel/target/domain-N-NAME/org.qemu.guest_agent.0`), below `root`. Sockets that no process names count too,
/// since QEMU may run in a namespace of its own or have got them as descriptors. Connects to nothing. By name.
std::vector<Machine> find_machines(const std::string& root = "");

}  // namespace guestd::client
