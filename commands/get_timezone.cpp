// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <utility>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/time_zone.hpp"

namespace guestd::commands {

Result<GetTimezoneResult> get_timezone(Context& context) {
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  auto zone = platform::local_zone(context.host.root, context.host.clock->now_ns() / kNanoseconds);
  if (!zone) return Error{"Couldn't retrieve local timezone"};
  GetTimezoneResult result;
  result.offset = zone->east_of_utc_s;
  if (!zone->abbreviation.empty()) result.zone = std::move(zone->abbreviation);
  return result;
}

}  // namespace guestd::commands
