// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/host_identity.hpp"

namespace guestd::commands {

Result<GetHostNameResult> get_host_name(Context& context) {
  auto name = platform::host_name(context.host.root);
  if (!name) return Error::from_errno("cannot get hostname", name.error().errno_value);
  GetHostNameResult result;
  result.host_name = *std::move(name);
  return result;
}

}  // namespace guestd::commands
