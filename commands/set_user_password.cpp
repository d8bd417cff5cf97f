// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/password.hpp"

namespace guestd::commands {

Result<SetUserPasswordResult> set_user_password(Context& context, const SetUserPasswordArgs& args) {
  if (auto allowed = context.settings.now()->access.check_password_of(args.username); !allowed) {
    args.password.forget();
    return allowed;
  }
  const auto password = args.password.decode();
  if (!password) {
    args.password.forget();
    return password.error();
  }
  const std::string_view text(reinterpret_cast<const char*>(password->data()), password->size());
  auto done = platform::set_password(context.host.root, *context.host.programs, {args.username, text, args.crypted});
  args.password.forget();
  return done;
}

}  // namespace guestd::commands
