// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/version.hpp"
#include "commands/context.hpp"
#include "generated/commands.hpp"

namespace guestd::commands {

Result<InfoResult> info(Context& context) {
  InfoResult result;
  result.version = kCompatibleVersion;
  for (CommandStatus& status : context.catalog.commands()) {
    GuestAgentCommandInfo& command = result.supported_commands.emplace_back();
    command.name = std::move(status.name);
    command.enabled = status.enabled;
    command.success_response = status.success_response;
  }
  // qemu-ga lists its commands last one first.
  std::reverse(result.supported_commands.begin(), result.supported_commands.end());
  return result;
}

}  // namespace guestd::commands
