// SPDX-License-Identifier: Apache-2.0
#include "platform/account_names.hpp"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <vector>

#include "platform/accounts.hpp"

namespace guestd::platform {

namespace {

struct NamedId {
  std::string_view name;
  std::uint32_t id = 0;
};

std::optional<NamedId> parse_line(std::string_view line) {
  const std::size_t first = line.find(':');
  const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
  if (first == 0 || second == std::string_view::npos) return std::nullopt;
  NamedId entry{line.substr(0, first)};
  const std::string_view digits = line.substr(second + 1, line.find(':', second + 1) - second - 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), entry.id);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return entry;
}

template <typename Wanted>
std::optional<NamedId> find_entry(std::string_view text, Wanted wanted) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto entry = parse_line(line);
    if (entry && wanted(*entry)) return entry;
  }
  return std::nullopt;
}

/// Calls one of the functions getXXX_r, with more room if it needs that; errno, 0 also where there is no entry.
template <typename Entry, typename Ask>
int ask_name_service(std::vector<char>& room, Entry*& found, Ask ask) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 20U;
  room.resize(4096);
  for (;;) {
    const int error = ask(room.data(), room.size(), &found);
    if (error == ERANGE && room.size() < kMostBytes) {
      room.resize(room.size() * 4);
    } else if (error != EINTR) {
      return error;
    }
  }
}

std::optional<std::string> system_user(std::uint32_t uid) {
  std::vector<char> room;
  passwd entry{};
  passwd* found = nullptr;
  ask_name_service(room, found, [&](char* to, std::size_t size, passwd** result) {
    return ::getpwuid_r(uid, &entry, to, size, result);
  });
  if (found == nullptr) return std::nullopt;
  return std::string(found->pw_name);
}

std::optional<std::string> system_group(std::uint32_t gid) {
  std::vector<char> room;
  group entry{};
  group* found = nullptr;
  ask_name_service(room, found, [&](char* to, std::size_t size, group** result) {
    return ::getgrgid_r(gid, &entry, to, size, result);
  });
  if (found == nullptr) return std::nullopt;
  return std::string(found->gr_name);
}

Result<std::optional<std::uint32_t>> find_system_group(const std::string& name) {
  std::vector<char> room;
  group entry{};
  group* found = nullptr;
  const int error = ask_name_service(room, found, [&](char* to, std::size_t size, group** result) {
    return ::getgrnam_r(name.c_str(), &entry, to, size, result);
  });
  if (found != nullptr) return std::optional<std::uint32_t>(found->gr_gid);
  // getgrnam(3): what sources give for "there is none".
  if (error == 0 || error == ENOENT || error == ESRCH) return std::optional<std::uint32_t>();
  return Error::from_errno("cannot look up group " + name, error);
}

std::optional<std::string> name_in(const Root& root, const char* path, std::uint32_t id) {
  const auto text = root.read_file(path);
  return text ? name_of_id(*text, id) : std::nullopt;
}

}  // namespace

std::optional<std::string> name_of_id(std::string_view text, std::uint32_t id) {
  const auto entry = find_entry(text, [&](const NamedId& each) { return each.id == id; });
  if (!entry) return std::nullopt;
  return std::string(entry->name);
}

std::optional<std::uint32_t> id_of_name(std::string_view text, std::string_view name) {
  const auto entry = find_entry(text, [&](const NamedId& each) { return each.name == name; });
  if (!entry) return std::nullopt;
  return entry->id;
}

const std::optional<std::string>& AccountNames::user(std::uint32_t uid) {
  const auto [entry, is_new] = users_.try_emplace(uid);
  if (is_new) entry->second = root_.is_system() ? system_user(uid) : name_in(root_, "/etc/passwd", uid);
  return entry->second;
}

const std::optional<std::string>& AccountNames::group(std::uint32_t gid) {
  const auto [entry, is_new] = groups_.try_emplace(gid);
  if (is_new) entry->second = root_.is_system() ? system_group(gid) : name_in(root_, "/etc/group", gid);
  return entry->second;
}

Result<std::optional<std::uint32_t>> AccountNames::find_user(const std::string& name) const {
  const auto account = find_account(root_, name);
  if (!account) return account.error();
  if (!*account) return std::optional<std::uint32_t>();
  return std::optional<std::uint32_t>((*account)->uid);
}

Result<std::optional<std::uint32_t>> AccountNames::find_group(const std::string& name) const {
  if (name.empty() || name.find('\0') != std::string::npos) return std::optional<std::uint32_t>();
  if (root_.is_system()) return find_system_group(name);
  const auto text = root_.read_file("/etc/group");
  if (!text) return text.error();
  return id_of_name(*text, name);
}

}  // namespace guestd::platform
