// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.hpp"
#include "platform/accounts.hpp"

namespace guestd::platform {

/// An account of this machine, by whatever nsswitch.conf(5) names; nothing if there is none. May take long: sources can
/// be on the network. In a static build the sources are /etc/passwd and /etc/group alone, because others are libraries
/// of the guest.
Result<std::optional<Account>> ask_name_service(const std::string& name);
Result<std::optional<Account>> ask_name_service(uid_t uid);
/// The number of the group of that name, likewise.
Result<std::optional<gid_t>> ask_name_service_for_group(const std::string& name);
/// Only the name of that number, likewise: without asking for the groups of a user.
Result<std::optional<std::string>> ask_name_service_for_user_name(uid_t uid);
Result<std::optional<std::string>> ask_name_service_for_group_name(gid_t gid);

}  // namespace guestd::platform
