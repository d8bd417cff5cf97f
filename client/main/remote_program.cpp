// SPDX-License-Identifier: Apache-2.0
#include "client/main/remote_program.hpp"

#include "client/copy/guest_file.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

Result<void> require_utf8(const RemoteProgram& program) {
  std::vector<std::string> all = program.words;
  all.insert(all.end(), program.environment.begin(), program.environment.end());
  all.push_back(program.folder.value_or(""));
  all.push_back(program.user.value_or(""));
  for (const std::string& word : all) {
    if (auto told = copy::require_utf8(word); !told) return told;
  }
  return {};
}

}  // namespace

Result<int> run_in_guest(client::Connection& connection, const Capabilities& agent, const RemoteProgram& program) {
  if (auto told = require_utf8(program); !told) return std::move(told).error();
  if (agent.has(agent::calls::GuestdExec::kName)) return run_streamed(connection, program);
  if (!agent.has(agent::calls::Exec::kName)) {
    return Error::unsupported("this agent runs no programs: guest-exec is not there, or disabled");
  }
  if (program.terminal) return Error::unsupported("this agent has no terminals for programs: that takes guestd");
  if (program.user) return Error::unsupported("this agent cannot run programs as another user: that takes guestd");
  return run_polled(connection, program);
}

}  // namespace guestd::guestctl
