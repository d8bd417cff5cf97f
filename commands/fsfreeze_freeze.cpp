// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "commands/freeze_state.hpp"
#include "generated/commands.hpp"

namespace guestd::commands {

Result<FsfreezeFreezeResult> fsfreeze_freeze(Context& context) {
  return context.freeze.freeze(std::nullopt, "guest-fsfreeze-freeze");
}

}  // namespace guestd::commands
