// SPDX-License-Identifier: Apache-2.0
#include "platform/account_names.hpp"
#include "platform/linux/name_service.hpp"

namespace guestd::platform {
namespace {

Result<std::optional<std::string>> name_in(const char* path, std::uint32_t id) {
  const auto text = Root::system().read_file(path);
  if (!text) return text.error();
  return name_of_id(*text, id);
}

}  // namespace

Result<std::optional<Account>> ask_name_service(const std::string& name) {
  return account_in_files(Root::system(), name);
}

Result<std::optional<Account>> ask_name_service(uid_t uid) { return account_in_files(Root::system(), uid); }

Result<std::optional<gid_t>> ask_name_service_for_group(const std::string& name) {
  return group_in_files(Root::system(), name);
}

Result<std::optional<std::string>> ask_name_service_for_user_name(uid_t uid) { return name_in("/etc/passwd", uid); }

Result<std::optional<std::string>> ask_name_service_for_group_name(gid_t gid) { return name_in("/etc/group", gid); }

}  // namespace guestd::platform
