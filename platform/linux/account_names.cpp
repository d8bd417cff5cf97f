// SPDX-License-Identifier: Apache-2.0
#include "platform/account_names.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "platform/accounts.hpp"
#include "platform/linux/name_service.hpp"

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

std::optional<std::string> name_in(const Root& root, const char* path, std::uint32_t id) {
  const auto text = root.read_file(path);
  return text ? name_of_id(*text, id) : std::nullopt;
}

std::optional<std::string> user_name(const Root& root, std::uint32_t uid) {
  if (!root.is_system()) return name_in(root, "/etc/passwd", uid);
  const auto name = ask_name_service_for_user_name(uid);
  return name ? *name : std::nullopt;
}

std::optional<std::string> group_name(const Root& root, std::uint32_t gid) {
  if (!root.is_system()) return name_in(root, "/etc/group", gid);
  const auto name = ask_name_service_for_group_name(gid);
  return name ? *name : std::nullopt;
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
  if (is_new) entry->second = user_name(root_, uid);
  return entry->second;
}

const std::optional<std::string>& AccountNames::group(std::uint32_t gid) {
  const auto [entry, is_new] = groups_.try_emplace(gid);
  if (is_new) entry->second = group_name(root_, gid);
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
  if (root_.is_system()) return ask_name_service_for_group(name);
  const auto text = root_.read_file("/etc/group");
  if (!text) return text.error();
  return id_of_name(*text, name);
}

}  // namespace guestd::platform
