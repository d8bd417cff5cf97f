// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/version.hpp"
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/power.hpp"

namespace guestd::commands {
namespace {

struct Sleep {
  std::string_view command;
  platform::PowerAction action;
};

constexpr std::array kSleeps{
    Sleep{"guest-suspend-disk", platform::PowerAction::kSuspendToDisk},
    Sleep{"guest-suspend-ram", platform::PowerAction::kSuspendToRam},
    Sleep{"guest-suspend-hybrid", platform::PowerAction::kHybridSleep},
};

/// What this system cannot do, as far as that is known without waiting for anybody.
bool is_impossible(const platform::Root& root, std::string_view command) {
  return std::any_of(kSleeps.begin(), kSleeps.end(), [&](const Sleep& sleep) {
    return sleep.command == command && !platform::kernel_can_suspend(root, sleep.action);
  });
}

}  // namespace

Result<InfoResult> info(Context& context) {
  InfoResult result;
  result.version = kCompatibleVersion;
  for (CommandStatus& status : context.catalog.commands()) {
    GuestAgentCommandInfo& command = result.supported_commands.emplace_back();
    command.name = std::move(status.name);
    command.enabled = status.enabled && !is_impossible(context.host.root, command.name);
    command.success_response = status.success_response;
  }
  // qemu-ga lists its commands last one first.
  std::reverse(result.supported_commands.begin(), result.supported_commands.end());
  return result;
}

}  // namespace guestd::commands
