// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/set_clock.hpp"

namespace guestd::commands {
Result<SetTimeResult> set_time(Context& context, const SetTimeArgs& args) {
  const auto& host = context.host;
  const platform::ClockTools tools = host.clock_tools();
  if (!args.time) {
    const auto now = platform::hardware_clock_ns(tools);
    if (!now) return Error{now.error()}.with_context("Failed to set time to guest");
    auto set = host.clock_devices->set_system_clock(*now);
    if (!set) return std::move(set).error().with_context("Failed to set time to guest");
    return {};
  }
  if (auto valid = platform::check_clock_time(*args.time); !valid) return valid;
  auto set = platform::set_clocks(tools, *args.time);
  if (!set) return std::move(set).error().with_context("Failed to set time to guest");
  return {};
}

}  // namespace guestd::commands
