// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// A user of this system.
struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string home;             ///< absolute, or as odd as the entry has it
  std::vector<gid_t> groups{};  ///< all of them, the first one included
};

/// The entry of that name in the text of /etc/passwd (passwd(5)). Lines that are none are passed over.
std::optional<Account> parse_passwd(std::string_view text, std::string_view name);

/// The groups that name `member`, from the text of /etc/group (group(5)). Lines that are none are passed over.
std::vector<gid_t> parse_groups(std::string_view text, std::string_view member);

/// The user of that name or number by /etc/passwd and /etc/group; nothing if there is none.
Result<std::optional<Account>> account_in_files(const Root& root, const std::string& name);
Result<std::optional<Account>> account_in_files(const Root& root, uid_t uid);
/// The number of the group of that name by /etc/group; nothing if there is none.
Result<std::optional<gid_t>> group_in_files(const Root& root, const std::string& name);

/// The user of that name; nothing if there is none. On the machine itself it comes from the name service
/// (nsswitch.conf: files, LDAP, systemd, ...), which may wait for a network; in a fixture, and in a statically linked
/// agent, from account_in_files().
Result<std::optional<Account>> find_account(const Root& root, const std::string& name);

/// The user of that number, as above.
Result<std::optional<Account>> find_account(const Root& root, uid_t uid);

/// The number of the group of that name, as above; in a fixture from group_in_files().
Result<std::optional<gid_t>> find_group(const Root& root, const std::string& name);

}  // namespace guestd::platform
