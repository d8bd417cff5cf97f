// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/load.hpp"

namespace guestd::commands {

Result<GetLoadResult> get_load(Context& context) {
  const auto load = platform::load_average(context.host.root);
  if (!load) return load.error();
  GetLoadResult result;
  result.load1m = load->one_minute;
  result.load5m = load->five_minutes;
  result.load15m = load->fifteen_minutes;
  return result;
}

}  // namespace guestd::commands
