// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <cstddef>
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

}  // namespace

Result<std::optional<Account>> ask_name_service(const std::string& name) {
  std::vector<char> text(4096);
  passwd entry{};
  passwd* found = nullptr;
  int error = 0;
  while ((error = ::getpwnam_r(name.c_str(), &entry, text.data(), text.size(), &found)) != 0) {
    if (error == EINTR) continue;
    // getpwnam(3): what sources give for "there is none".
    if (error == ENOENT || error == ESRCH) return std::optional<Account>();
    if (error != ERANGE || text.size() > kLargestEntry) return Error::from_errno("cannot look up " + name, error);
    text.resize(text.size() * 4);
  }
  if (found == nullptr) return std::optional<Account>();
  Account account{entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir};
  account.groups = groups_of(account);
  return std::optional(std::move(account));
}

}  // namespace guestd::platform
