// SPDX-License-Identifier: Apache-2.0
#include "commands/exec_arguments.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "base/text.hpp"
#include "platform/accounts.hpp"
#include "platform/environment.hpp"

namespace guestd::commands {
namespace {

std::optional<std::uint32_t> parse_id(const std::string& text) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  // The highest means "no change" to the kernel.
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return is_number && id != std::numeric_limits<std::uint32_t>::max() ? std::optional(id) : std::nullopt;
}

/// Nothing for a number that no user has.
Result<std::optional<platform::Account>> find_user(const platform::Root& root, const std::string& name) {
  auto account = platform::find_account(root, name);
  if (!account || *account) return account;
  const auto uid = parse_id(name);
  if (!uid) return Error{"user '" + excerpt(name, 64) + "' does not exist"};
  return platform::find_account(root, uid_t{*uid});
}

Result<gid_t> group_number(const platform::Root& root, const std::string& name) {
  auto group = platform::find_group(root, name);
  if (!group) return std::move(group).error();
  if (*group) return **group;
  const auto gid = parse_id(name);
  if (!gid) return Error{"group '" + excerpt(name, 64) + "' does not exist"};
  return gid_t{*gid};
}

}  // namespace

Result<void> check_variables(const std::vector<std::string>& variables) {
  for (std::size_t index = 0; index < variables.size(); ++index) {
    const std::size_t sign = variables[index].find('=');
    if (sign != std::string::npos && sign > 0) continue;
    return Error{"env[" + std::to_string(index) + "] is '" + excerpt(variables[index], 64) +
                 "', which is not of the form NAME=value"};
  }
  return {};
}

std::string search_path(const std::vector<std::string>& environment) {
  const char* path = platform::find_variable(environment, "PATH");
  return path != nullptr ? path : platform::own_search_path();
}

Result<ExecUser> find_exec_user(const platform::Root& root, const std::optional<std::string>& user,
                                const std::optional<std::string>& group) {
  ExecUser found;
  found.credentials = {::geteuid(), ::getegid(), {}};
  bool needs_group = false;
  if (user) {
    auto account = find_user(root, *user);
    if (!account) return std::move(account).error();
    if (*account) {
      const platform::Account& known = **account;
      found.credentials = {known.uid, known.gid, known.groups};
      found.name = known.name;
      found.variables = {"HOME=" + known.home, "USER=" + known.name, "LOGNAME=" + known.name};
    } else {
      found.credentials.uid = *parse_id(*user);
      needs_group = true;
    }
  }
  if (needs_group && !group) {
    return Error{"user " + *user + " is not known here, so its group has to be said"};
  }
  if (group) {
    const auto gid = group_number(root, *group);
    if (!gid) return gid.error();
    const auto& own = found.credentials.groups;
    found.group_is_foreign = found.credentials.uid != 0 && std::ranges::find(own, *gid) == own.end();
    // In the place of the user's own.
    std::erase(found.credentials.groups, found.credentials.gid);
    found.credentials.gid = *gid;
  }
  if (std::ranges::find(found.credentials.groups, found.credentials.gid) == found.credentials.groups.end()) {
    found.credentials.groups.push_back(found.credentials.gid);
  }
  return found;
}

}  // namespace guestd::commands
