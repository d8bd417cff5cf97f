// SPDX-License-Identifier: Apache-2.0
#include "platform/linux/name_service.hpp"

namespace guestd::platform {

Result<std::optional<Account>> ask_name_service(const std::string& name) {
  return account_in_files(Root::system(), name);
}

}  // namespace guestd::platform
