// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "generated/commands.hpp"

namespace guestd::commands {

Result<GetTimeResult> get_time(Context& context) { return context.host.clock->now_ns(); }

}  // namespace guestd::commands
