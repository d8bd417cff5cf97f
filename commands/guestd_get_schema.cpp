// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "generated/introspection.hpp"

namespace guestd::commands {

Result<GuestdGetSchemaResult> guestd_get_schema([[maybe_unused]] Context& context) {
  return GuestdGetSchemaResult{introspection()};
}

}  // namespace guestd::commands
