// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "commands/context.hpp"
#include "commands/process_table.hpp"
#include "generated/commands.hpp"

namespace guestd::commands {
namespace {

GuestdExecProcess describe(const ProcessTable& processes, const Child& child) {
  const ChildState state = child.state();
  GuestdExecProcess process;
  process.pid = child.pid();
  process.path = child.path();
  process.started_ns = child.started_ns();
  process.exited = state.exited;
  if (state.exit) (state.exit->by_signal ? process.signal : process.exitcode) = state.exit->code;
  process.timed_out = state.timed_out;
  process.recovered = child.recovered();
  process.stdout_bytes = child.written(ChildStream::kOutput);
  process.stderr_bytes = child.written(ChildStream::kError);
  if (auto unit = processes.unit_of(child); !unit.empty()) process.unit = std::move(unit);
  return process;
}

}  // namespace

Result<GuestdExecListResult> guestd_exec_list(Context& context) {
  GuestdExecListResult list;
  for (const auto& child : context.processes.all()) list.push_back(describe(context.processes, *child));
  return list;
}

}  // namespace guestd::commands
