// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "commands/authorized_keys.hpp"
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/authorized_keys.hpp"

namespace guestd::commands {

Result<SshGetAuthorizedKeysResult> ssh_get_authorized_keys(Context& context, const SshGetAuthorizedKeysArgs& args) {
  auto file = key_file_of(context, args.username);
  if (!file) return std::move(file).error();
  SshGetAuthorizedKeysResult result;
  if (!file->is_used()) return result;
  const auto text = file->read();
  if (!text) return text.error();
  result.keys = platform::keys_in(*text);
  return result;
}

}  // namespace guestd::commands
