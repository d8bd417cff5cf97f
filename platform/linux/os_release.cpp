// SPDX-License-Identifier: Apache-2.0
#include "platform/os_release.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/utf8.hpp"

namespace guestd::platform {

namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  const auto letter_or_digit = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !text.empty() && letter(text.front()) && std::all_of(text.begin(), text.end(), letter_or_digit);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8::sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

/// `text` follows the opening double quote.
std::optional<std::string> double_quoted(std::string_view text) {
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') return value;
    const bool escaped = text[i] == '\\' && i + 1 < text.size() &&
                         std::string_view("$'\"\\`").find(text[i + 1]) != std::string_view::npos;
    if (escaped) ++i;
    value += text[i];
  }
  return std::nullopt;
}

std::optional<std::string> unquote(std::string_view text) {
  if (text.empty()) return std::string();
  if (text.front() == '"') return double_quoted(text.substr(1));
  if (text.front() != '\'') return std::string(text.substr(0, text.find_first_of(" \t;")));
  const std::size_t end = text.find('\'', 1);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(text.substr(1, end - 1));
}

void parse_line(std::string_view line, OsRelease& out) {
  line = trim(line);
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos || !is_name(line.substr(0, equals))) return;
  auto value = unquote(line.substr(equals + 1));
  if (value && is_utf8(*value)) out.insert_or_assign(std::string(line.substr(0, equals)), *std::move(value));
}

}  // namespace

OsRelease parse_os_release(std::string_view text) {
  OsRelease values;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    parse_line(text.substr(0, end), values);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return values;
}

Result<OsRelease> os_release(const Root& root, const std::string& path) {
  auto text = root.read_file(path.empty() ? "/etc/os-release" : path);
  if (!text && path.empty()) text = root.read_file("/usr/lib/os-release");
  if (!text) return std::move(text).error();
  return parse_os_release(*text);
}

}  // namespace guestd::platform
