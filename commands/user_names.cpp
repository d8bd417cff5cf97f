// SPDX-License-Identifier: Apache-2.0
#include "commands/user_names.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "platform/accounts.hpp"

namespace guestd::commands {

Result<std::vector<std::string>> names_of_user(const platform::Root& root, uid_t uid) {
  auto account = platform::find_account(root, uid);
  if (!account) return std::move(account).error();
  return std::vector{*account ? (**account).name : std::to_string(uid)};
}

Result<std::vector<std::string>> names_of_user(const platform::Root& root, const std::string& said) {
  std::vector<std::string> names{said};
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  auto account = platform::find_account(root, said);
  if (!account) return std::move(account).error();
  if (!*account) return names;
  add((**account).name);
  auto others = names_of_user(root, (**account).uid);
  if (!others) return others;
  std::ranges::for_each(*others, add);
  return names;
}

Result<void> check_user(const platform::Root& root, const AccessRules& access, const AccessRule& rule,
                        Result<void> (AccessRules::*check)(std::string_view) const, const std::string& said) {
  if (rule.allowed.matches_all()) return {};
  // The said one needs no name service to be refused.
  if (auto allowed = (access.*check)(said); !allowed) return allowed;
  auto names = names_of_user(root, said);
  if (!names) return std::move(names).error().with_context("failed to lookup user '" + excerpt(said) + "'");
  for (const std::string& name : *names) {
    if (auto allowed = (access.*check)(name); !allowed) return allowed;
  }
  return {};
}

}  // namespace guestd::commands
