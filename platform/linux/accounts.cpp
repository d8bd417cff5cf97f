// SPDX-License-Identifier: Apache-2.0
#include "platform/accounts.hpp"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <utility>

namespace guestd::platform {

namespace {

constexpr std::size_t kLargestEntry = std::size_t{1} << 20U;
constexpr int kMostGroups = 65536;  // NGROUPS_MAX of Linux

template <typename Id>
bool parse_id(std::string_view text, Id& id) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<Account> parse_entry(std::string_view line) {
  constexpr std::size_t kFields = 7;
  std::array<std::string_view, kFields> fields;
  for (std::size_t index = 0; index < kFields; ++index) {
    const std::size_t colon = line.find(':');
    // A line with one colon too few or too many is none.
    if ((colon == std::string_view::npos) != (index == kFields - 1)) return std::nullopt;
    fields[index] = line.substr(0, colon);
    if (colon != std::string_view::npos) line.remove_prefix(colon + 1);
  }
  Account account;
  if (!parse_id(fields[2], account.uid) || !parse_id(fields[3], account.gid)) return std::nullopt;
  account.name = fields[0];
  account.home = fields[5];
  account.groups = {account.gid};
  return account;
}

std::vector<gid_t> groups_of(const Account& account) {
  int count = 64;
  std::vector<gid_t> groups;
  for (;;) {
    groups.resize(static_cast<std::size_t>(count));
    if (::getgrouplist(account.name.c_str(), account.gid, groups.data(), &count) >= 0) break;
    // `count` should say now how many there are; not every libc does that.
    if (count <= static_cast<int>(groups.size())) count = static_cast<int>(groups.size()) * 2;
    if (count > kMostGroups) return {account.gid};
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

/// Asks with more and more room for the answer. `ask(entry, text, size, found)` is a function like getpwnam_r(3).
template <typename Entry, typename Ask, typename Use>
auto ask_with_room(const std::string& what, Ask ask, Use use)
    -> Result<std::optional<decltype(use(std::declval<Entry&>()))>> {
  std::optional<decltype(use(std::declval<Entry&>()))> answer;
  std::vector<char> text(4096);
  Entry entry{};
  Entry* found = nullptr;
  int error = 0;
  while ((error = ask(&entry, text.data(), text.size(), &found)) != 0) {
    if (error == EINTR) continue;
    // getpwnam(3): what sources give for "there is none".
    if (error == ENOENT || error == ESRCH) return answer;
    if (error != ERANGE || text.size() > kLargestEntry) return Error::from_errno("cannot look up " + what, error);
    text.resize(text.size() * 4);
  }
  if (found != nullptr) answer = use(*found);
  return answer;
}

Account read_entry(const passwd& entry) {
  Account account{entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir};
  account.groups = groups_of(account);
  return account;
}

Result<std::optional<Account>> ask_name_service(const std::string& name) {
  return ask_with_room<passwd>(
      name, [&](auto... room) { return ::getpwnam_r(name.c_str(), room...); }, read_entry);
}
template <typename Wanted>
std::optional<Account> find_entry(std::string_view text, Wanted is_wanted) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    auto account = parse_entry(line);
    if (account && is_wanted(*account)) return account;
  }
  return std::nullopt;
}

/// The number in a line of /etc/group (group(5)) if it has this name.
std::optional<gid_t> parse_group(std::string_view line, std::string_view name) {
  if (!line.starts_with(name) || line.substr(name.size(), 1) != ":") return std::nullopt;
  line.remove_prefix(name.size() + 1);
  line.remove_prefix(std::min(line.find(':'), line.size() - 1) + 1);  // the password
  gid_t gid = 0;
  return parse_id(line.substr(0, line.find(':')), gid) ? std::optional(gid) : std::nullopt;
}

}  // namespace

std::optional<Account> parse_passwd(std::string_view text, std::string_view name) {
  return find_entry(text, [&](const Account& account) { return account.name == name; });
}

Result<std::optional<Account>> find_account(const Root& root, const std::string& name) {
  // For libc a name ends at the NUL, and would be another one.
  if (name.empty() || name.find('\0') != std::string::npos) return std::optional<Account>();
  if (root.is_system()) return ask_name_service(name);
  const auto text = root.read_file("/etc/passwd");
  if (!text) return text.error();
  return parse_passwd(*text, name);
}

Result<std::optional<Account>> find_account(const Root& root, uid_t uid) {
  const std::string what = "user " + std::to_string(uid);
  if (root.is_system()) {
    return ask_with_room<passwd>(
        what, [&](auto... room) { return ::getpwuid_r(uid, room...); }, read_entry);
  }
  const auto text = root.read_file("/etc/passwd");
  if (!text) return text.error();
  return find_entry(*text, [&](const Account& account) { return account.uid == uid; });
}

Result<std::optional<gid_t>> find_group(const Root& root, const std::string& name) {
  if (name.empty() || name.find('\0') != std::string::npos) return std::optional<gid_t>();
  if (root.is_system()) {
    return ask_with_room<group>(
        "group " + name, [&](auto... room) { return ::getgrnam_r(name.c_str(), room...); },
        [](const group& entry) { return entry.gr_gid; });
  }
  const auto text = root.read_file("/etc/group");
  if (!text) return text.error();
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (const auto gid = parse_group(line, name)) return std::optional(*gid);
  }
  return std::optional<gid_t>();
}

}  // namespace guestd::platform
