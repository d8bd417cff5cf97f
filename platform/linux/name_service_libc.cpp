// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "platform/linux/name_service.hpp"

namespace guestd::platform {
namespace {

constexpr std::size_t kLargestEntry = std::size_t{1} << 20U;
constexpr int kMostGroups = 65536;  // NGROUPS_MAX of Linux

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

}  // namespace

Result<std::optional<Account>> ask_name_service(const std::string& name) {
  return ask_with_room<passwd>(
      name, [&](auto... room) { return ::getpwnam_r(name.c_str(), room...); }, read_entry);
}

Result<std::optional<Account>> ask_name_service(uid_t uid) {
  return ask_with_room<passwd>(
      "user " + std::to_string(uid), [&](auto... room) { return ::getpwuid_r(uid, room...); }, read_entry);
}

Result<std::optional<gid_t>> ask_name_service_for_group(const std::string& name) {
  return ask_with_room<group>(
      "group " + name, [&](auto... room) { return ::getgrnam_r(name.c_str(), room...); },
      [](const group& entry) { return entry.gr_gid; });
}

Result<std::optional<std::string>> ask_name_service_for_user_name(uid_t uid) {
  return ask_with_room<passwd>(
      "user " + std::to_string(uid), [&](auto... room) { return ::getpwuid_r(uid, room...); },
      [](const passwd& entry) { return std::string(entry.pw_name); });
}

Result<std::optional<std::string>> ask_name_service_for_group_name(gid_t gid) {
  return ask_with_room<group>(
      "group " + std::to_string(gid), [&](auto... room) { return ::getgrgid_r(gid, room...); },
      [](const group& entry) { return std::string(entry.gr_name); });
}

}  // namespace guestd::platform
