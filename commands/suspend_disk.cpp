// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/power.hpp"

namespace guestd::commands {

Result<SuspendDiskResult> suspend_disk(Context& context) {
  return platform::suspend(context.host.power_tools(), platform::PowerAction::kSuspendToDisk);
}

}  // namespace guestd::commands
