// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "commands/freeze_state.hpp"
#include "generated/commands.hpp"

namespace guestd::commands {

Result<GuestdFsfreezeCheckResult> guestd_fsfreeze_check(Context& context) { return context.freeze.check(); }

}  // namespace guestd::commands
