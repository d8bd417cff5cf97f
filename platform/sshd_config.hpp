// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/accounts.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// One setting of sshd_config(5).
struct SshdSetting {
  std::string keyword;  ///< in lower case
  std::vector<std::string> arguments;

  bool operator==(const SshdSetting&) const = default;
};

/// The settings of a file in their order. Quotes and comments are as sshd reads them; lines that are no setting are
/// passed over: whether its configuration is right is for sshd to say.
std::vector<SshdSetting> parse_sshd_config(std::string_view text);

/// Whether a name matches a list of patterns with `*`, `?` and `!`, as in `Match User alice,!bob*` (ssh_config(5)).
bool matches_patterns(std::string_view name, std::string_view patterns);

/// Where sshd looks for a user's keys, by `AuthorizedKeysFile` of its configuration: paths with the tokens %h, %u, %U
/// and %% replaced, absolute or relative to the home directory; none if sshd reads no files. Included files are read
/// and `Match` blocks are heeded if all that they ask for is the user's name or `all`; others count as not matching,
/// because they depend on a connection that is not there.
Result<std::vector<std::string>> authorized_keys_files(const Root& root, const Account& account);

}  // namespace guestd::platform
