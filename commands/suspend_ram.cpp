// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/power.hpp"

namespace guestd::commands {

Result<SuspendRamResult> suspend_ram(Context& context) {
  return platform::suspend(context.host.power_tools(), platform::PowerAction::kSuspendToRam);
}

}  // namespace guestd::commands
