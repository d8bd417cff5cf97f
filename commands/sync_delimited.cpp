// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "generated/commands.hpp"

namespace guestd::commands {

Result<SyncDelimitedResult> sync_delimited([[maybe_unused]] Context& context, const SyncDelimitedArgs& args) {
  // What the command means beyond the echo is the session's business: it ends the wait for everything before.
  return args.id;
}

}  // namespace guestd::commands
