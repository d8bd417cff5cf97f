// SPDX-License-Identifier: Apache-2.0
#include "commands/access_rules.hpp"

#include "base/text.hpp"

namespace guestd::commands {

Result<void> AccessRule::check(std::string_view what, std::string_view object) const {
  const std::string reason = allowed.why_not(object);
  if (reason.empty()) return {};
  std::string text = "the policy forbids ";
  text.append(what).append(" '").append(excerpt(object)).append("': ").append(reason);
  text.append(" (").append(key).append(")");
  return Error::refused(std::move(text));
}

Result<void> AccessRules::check_file(bool read, bool write, std::string_view path) const {
  if (read) {
    if (auto allowed = read_files.check("reading", path); !allowed) return allowed;
  }
  return write ? write_files.check("writing", path) : Result<void>();
}

bool AccessRules::restricts_files(bool read, bool write) const {
  return (read && !read_files.allowed.matches_all()) || (write && !write_files.allowed.matches_all());
}

Result<void> AccessRules::check_program(std::string_view path) const { return programs.check("running", path); }

Result<void> AccessRules::check_exec_user(std::string_view user) const {
  return exec_users.check("running programs as", user);
}

Result<void> AccessRules::check_password_of(std::string_view user) const {
  return passwords.check("setting the password of", user);
}

Result<void> AccessRules::check_keys_of(std::string_view user) const {
  return keys.check("changing the keys of", user);
}

}  // namespace guestd::commands
