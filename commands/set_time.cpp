// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <ctime>
#include <string>
#include <utility>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/set_clock.hpp"

namespace guestd::commands {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kYear2070 = 3'155'760'000;  // its begin, in seconds since 1970

// The years that qemu-ga takes.
Result<void> check(std::int64_t time_ns) {
  const std::int64_t seconds = time_ns / kSecond;
  if (!std::in_range<std::time_t>(seconds)) return Error{"Time " + std::to_string(time_ns) + " is too large"};
  if (time_ns < 0 || seconds >= kYear2070) return Error{"Invalid time: not within the years 1970 to 2069"};
  return {};
}

}  // namespace

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
  if (auto valid = check(*args.time); !valid) return valid;
  auto set = platform::set_clocks(tools, *args.time);
  if (!set) return std::move(set).error().with_context("Failed to set time to guest");
  return {};
}

}  // namespace guestd::commands
