// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "commands/freeze_state.hpp"
#include "generated/commands.hpp"

namespace guestd::commands {

Result<FsfreezeStatusResult> fsfreeze_status(Context& context) {
  return context.freeze.is_frozen() ? GuestFsfreezeStatus::kFrozen : GuestFsfreezeStatus::kThawed;
}

}  // namespace guestd::commands
