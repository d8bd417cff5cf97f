// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hpp"
#include "commands/access_rules.hpp"
#include "platform/root.hpp"

namespace guestd::commands {

/// A user may have several names, such as root and toor; the policy has to be content with all that can be known: the
/// one that was said, that of its entry, and the one that the system has for the number, which is the number itself
/// where it has none. Of a user who does not exist only what was said. Waits for the name service.
Result<std::vector<std::string>> names_of_user(const platform::Root& root, const std::string& said);
/// Of a number that was not said by name.
Result<std::vector<std::string>> names_of_user(const platform::Root& root, uid_t uid);

/// Asks one of the lists of users about all names of a user; `check` asks about one. Nothing is looked up where
/// everybody is allowed.
Result<void> check_user(const platform::Root& root, const AccessRules& access, const AccessRule& rule,
                        Result<void> (AccessRules::*check)(std::string_view) const, const std::string& said);

}  // namespace guestd::commands
