// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/power.hpp"

namespace guestd::commands {

Result<SuspendHybridResult> suspend_hybrid(Context& context) {
  return platform::suspend(context.host.power_tools(), platform::PowerAction::kHybridSleep);
}

}  // namespace guestd::commands
