// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "commands/process_table.hpp"
#include "generated/commands.hpp"

namespace guestd::commands {

Result<void> guestd_exec_resize(Context& context, const GuestdExecResizeArgs& args) {
  const auto child = context.processes.find(args.pid);
  if (!child) return child.error();
  if (auto resized = (*child)->resize(args.rows, args.columns); !resized) return std::move(resized).error();
  return {};
}

}  // namespace guestd::commands
