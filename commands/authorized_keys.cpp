// SPDX-License-Identifier: Apache-2.0
#include "commands/authorized_keys.hpp"

#include <utility>

#include "base/text.hpp"
#include "platform/accounts.hpp"
#include "platform/authorized_keys.hpp"

namespace guestd::commands {

Result<platform::KeyFile> key_file_of(const Context& context, const std::string& username) {
  const std::string what = "failed to lookup user '" + excerpt(username) + "'";
  auto account = platform::find_account(context.host.root, username);
  if (!account) return std::move(account).error().with_context(what);
  if (!*account) return Error{what + ": no such user"};
  const platform::Host& host = context.host;
  return platform::KeyFile::find(host.root, host.labels.get(), *host.user_files, **std::move(account));
}

Result<void> check_keys(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    const auto fault = platform::fault_of_key(key);
    if (!fault) continue;
    const std::string what = "invalid OpenSSH public key: '" + excerpt(key) + "'";
    return Error{fault->empty() ? what : what + ": " + *fault};
  }
  return {};
}

}  // namespace guestd::commands
