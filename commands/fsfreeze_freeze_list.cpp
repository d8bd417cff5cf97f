// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "commands/freeze_state.hpp"
#include "generated/commands.hpp"

namespace guestd::commands {

Result<FsfreezeFreezeListResult> fsfreeze_freeze_list(Context& context, const FsfreezeFreezeListArgs& args) {
  std::optional<std::span<const std::string>> wanted;
  if (args.mountpoints) wanted = *args.mountpoints;
  return context.freeze.freeze(wanted, "guest-fsfreeze-freeze-list");
}

}  // namespace guestd::commands
