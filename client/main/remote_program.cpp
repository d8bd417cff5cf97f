// SPDX-License-Identifier: Apache-2.0
#include "client/main/remote_program.hpp"

#include "generated/agent/calls.hpp"

namespace guestd::guestctl {

Result<int> run_in_guest(client::Connection& connection, const Capabilities& agent, const RemoteProgram& program) {
  if (agent.has(agent::calls::GuestdExec::kName)) return run_streamed(connection, program);
  if (!agent.has(agent::calls::Exec::kName)) {
    return Error::unsupported("this agent runs no programs: guest-exec is not there, or disabled");
  }
  if (program.terminal) return Error::unsupported("this agent has no terminals for programs: that takes guestd");
  if (program.user) return Error::unsupported("this agent cannot run programs as another user: that takes guestd");
  return run_polled(connection, program);
}

}  // namespace guestd::guestctl
