// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>
#include <utility>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/power.hpp"

namespace guestd::commands {
namespace {

Result<platform::PowerAction> action_for(const std::string& mode) {
  if (mode == "powerdown") return platform::PowerAction::kPowerDown;
  if (mode == "halt") return platform::PowerAction::kHalt;
  if (mode == "reboot") return platform::PowerAction::kReboot;
  return Error{"mode is invalid (valid values are: halt|powerdown|reboot)"};
}

}  // namespace

Result<ShutdownResult> shutdown(Context& context, const ShutdownArgs& args) {
  const auto action = action_for(args.mode.value_or("powerdown"));
  if (!action) return action.error();
  auto begun = platform::shut_down(context.host.power_tools(), *action);
  if (!begun) return std::move(begun).error().with_context("failed to shutdown");
  return {};
}

}  // namespace guestd::commands
