// SPDX-License-Identifier: Apache-2.0
#include "platform/linux/name_service.hpp"

namespace guestd::platform {

Result<std::optional<Account>> ask_name_service(const std::string& name) {
  return account_in_files(Root::system(), name);
}

Result<std::optional<Account>> ask_name_service(uid_t uid) { return account_in_files(Root::system(), uid); }

Result<std::optional<gid_t>> ask_name_service_for_group(const std::string& name) {
  return group_in_files(Root::system(), name);
}

}  // namespace guestd::platform
