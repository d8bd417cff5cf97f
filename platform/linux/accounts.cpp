// SPDX-License-Identifier: Apache-2.0
#include "platform/accounts.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <system_error>
#include <utility>

#include "platform/linux/name_service.hpp"

namespace guestd::platform {

namespace {

constexpr std::size_t kMostGroups = 65536;  // NGROUPS_MAX of Linux

template <typename Id>
bool parse_id(std::string_view text, Id& id) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc() && end == text.data() + text.size();
}

/// A line with one colon too few or too many is none.
template <std::size_t count>
std::optional<std::array<std::string_view, count>> fields_of(std::string_view line) {
  std::array<std::string_view, count> fields;
  for (std::size_t index = 0; index < count; ++index) {
    const std::size_t colon = line.find(':');
    if ((colon == std::string_view::npos) != (index == count - 1)) return std::nullopt;
    fields[index] = line.substr(0, colon);
    if (colon != std::string_view::npos) line.remove_prefix(colon + 1);
  }
  return fields;
}

std::string_view take_until(std::string_view& text, char end) {
  const std::string_view taken = text.substr(0, text.find(end));
  text.remove_prefix(std::min(taken.size() + 1, text.size()));
  return taken;
}

std::optional<Account> parse_entry(std::string_view line) {
  const auto fields = fields_of<7>(line);  // passwd(5)
  Account account;
  if (!fields || !parse_id((*fields)[2], account.uid) || !parse_id((*fields)[3], account.gid)) return std::nullopt;
  account.name = (*fields)[0];
  account.home = (*fields)[5];
  account.groups = {account.gid};
  return account;
}

bool has_member(std::string_view members, std::string_view name) {
  while (!members.empty()) {
    if (take_until(members, ',') == name) return true;
  }
  return false;
}

template <typename Wanted>
std::optional<Account> find_entry(std::string_view text, Wanted is_wanted) {
  while (!text.empty()) {
    auto account = parse_entry(take_until(text, '\n'));
    if (account && is_wanted(*account)) return account;
  }
  return std::nullopt;
}

template <typename Wanted>
Result<std::optional<Account>> account_of_files(const Root& root, Wanted is_wanted) {
  const auto text = root.read_file("/etc/passwd");
  if (!text) return text.error();
  auto account = find_entry(*text, is_wanted);
  if (!account) return account;
  const auto groups = root.read_file("/etc/group");
  if (!groups) return account;
  for (const gid_t group : parse_groups(*groups, account->name)) {
    if (group != account->gid) account->groups.push_back(group);
  }
  return account;
}

// For libc a name ends at the NUL, and would be another one.
bool is_name(const std::string& name) { return !name.empty() && name.find('\0') == std::string::npos; }

}  // namespace

std::optional<Account> parse_passwd(std::string_view text, std::string_view name) {
  return find_entry(text, [&](const Account& account) { return account.name == name; });
}

std::vector<gid_t> parse_groups(std::string_view text, std::string_view member) {
  std::vector<gid_t> groups;
  while (!text.empty() && groups.size() < kMostGroups) {
    const auto fields = fields_of<4>(take_until(text, '\n'));  // group(5)
    gid_t gid = 0;
    if (fields && has_member((*fields)[3], member) && parse_id((*fields)[2], gid)) groups.push_back(gid);
  }
  return groups;
}

Result<std::optional<Account>> account_in_files(const Root& root, const std::string& name) {
  return account_of_files(root, [&](const Account& account) { return account.name == name; });
}

Result<std::optional<Account>> account_in_files(const Root& root, uid_t uid) {
  return account_of_files(root, [&](const Account& account) { return account.uid == uid; });
}

Result<std::optional<gid_t>> group_in_files(const Root& root, const std::string& name) {
  const auto text = root.read_file("/etc/group");
  if (!text && text.error().errno_value == ENOENT) return std::optional<gid_t>();
  if (!text) return text.error();
  for (std::string_view rest = *text; !rest.empty();) {
    const auto fields = fields_of<4>(take_until(rest, '\n'));  // group(5)
    gid_t gid = 0;
    if (fields && (*fields)[0] == name && parse_id((*fields)[2], gid)) return std::optional(gid);
  }
  return std::optional<gid_t>();
}

Result<std::optional<Account>> find_account(const Root& root, const std::string& name) {
  if (!is_name(name)) return std::optional<Account>();
  return root.is_system() ? ask_name_service(name) : account_in_files(root, name);
}

Result<std::optional<Account>> find_account(const Root& root, uid_t uid) {
  return root.is_system() ? ask_name_service(uid) : account_in_files(root, uid);
}

Result<std::optional<gid_t>> find_group(const Root& root, const std::string& name) {
  if (!is_name(name)) return std::optional<gid_t>();
  return root.is_system() ? ask_name_service_for_group(name) : group_in_files(root, name);
}

}  // namespace guestd::platform
