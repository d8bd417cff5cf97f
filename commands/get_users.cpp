// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/logged_in_users.hpp"

namespace guestd::commands {

Result<GetUsersResult> get_users(Context& context) {
  auto users = platform::logged_in_users(context.host.root);
  if (!users) return std::move(users).error();
  GetUsersResult result;
  for (platform::Login& login : *users) {
    auto& entry = result.emplace_back();
    entry.user = std::move(login.user);
    entry.login_time = static_cast<double>(login.since_us) / 1e6;
  }
  return result;
}

}  // namespace guestd::commands
