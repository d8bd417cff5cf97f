// SPDX-License-Identifier: Apache-2.0
#include <string_view>
#include <utility>

#include "commands/authorized_keys.hpp"
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/authorized_keys.hpp"

namespace guestd::commands {

Result<SshAddAuthorizedKeysResult> ssh_add_authorized_keys(Context& context, const SshAddAuthorizedKeysArgs& args) {
  using Mode = platform::KeyFile::Mode;
  if (auto good = check_keys(args.keys); !good) return good;
  if (auto allowed = context.settings.now()->access.check_keys_of(args.username); !allowed) return allowed;
  auto file = key_file_of(context, args.username);
  if (!file) return std::move(file).error();
  if (!file->is_used()) return Error{"sshd reads no keys of users: AuthorizedKeysFile is 'none' in its configuration"};
  return file->change(args.reset.value_or(false) ? Mode::kReplace : Mode::kCreate,
                      [keys = args.keys](std::string_view old) { return platform::with_keys(old, keys); });
}

}  // namespace guestd::commands
