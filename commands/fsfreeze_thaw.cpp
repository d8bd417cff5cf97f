// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "commands/freeze_state.hpp"
#include "generated/commands.hpp"

namespace guestd::commands {

Result<FsfreezeThawResult> fsfreeze_thaw(Context& context) { return context.freeze.thaw(); }

}  // namespace guestd::commands
