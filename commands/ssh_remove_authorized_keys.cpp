// SPDX-License-Identifier: Apache-2.0
#include <string_view>
#include <utility>

#include "commands/authorized_keys.hpp"
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/authorized_keys.hpp"

namespace guestd::commands {

Result<SshRemoveAuthorizedKeysResult> ssh_remove_authorized_keys(Context& context,
                                                                 const SshRemoveAuthorizedKeysArgs& args) {
  if (auto good = check_keys(args.keys); !good) return good;
  if (auto allowed = context.settings.now()->access.check_keys_of(args.username); !allowed) return allowed;
  auto file = key_file_of(context, args.username);
  if (!file) return std::move(file).error();
  if (!file->is_used()) return {};
  return file->change(platform::KeyFile::Mode::kExisting,
                      [keys = args.keys](std::string_view old) { return platform::without_keys(old, keys); });
}

}  // namespace guestd::commands
