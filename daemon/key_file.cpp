// SPDX-License-Identifier: Apache-2.0
#include "daemon/key_file.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace guestd::daemon {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool is_control(char character) { return static_cast<unsigned char>(character) < 0x20 || character == '\x7f'; }

bool is_group_name(std::string_view name) {
  return !name.empty() && name.find_first_of("[]") == std::string_view::npos && std::ranges::none_of(name, is_control);
}

Error line_error(std::size_t number, std::string_view line, std::string_view why) {
  return Error{"line " + std::to_string(number) + ": '" + std::string(line) + "' " + std::string(why)};
}

void set(KeyFile::Group& group, std::string_view key, std::string_view value) {
  const auto known = std::ranges::find(group.entries, key, &KeyFile::Entry::key);
  if (known == group.entries.end()) {
    group.entries.push_back({std::string(key), std::string(value)});
  } else {
    known->value = value;
    known->repeated = true;
  }
}

std::optional<char> unescaped(char letter) {
  switch (letter) {
    case 's':
      return ' ';
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case '\\':
      return '\\';
    default:
      return std::nullopt;
  }
}

Error value_error(const KeyFile::Entry& entry, std::string_view why) {
  return Error{"key '" + entry.key + "' has a value that cannot be interpreted: '" + entry.value + "' " +
               std::string(why)};
}

}  // namespace

KeyFile::Group& KeyFile::group(std::string_view name) {
  const auto known = std::ranges::find(groups_, name, &Group::name);
  if (known != groups_.end()) return *known;
  groups_.push_back({std::string(name), {}});
  return groups_.back();
}

bool KeyFile::has_no_keys() const {
  return std::ranges::all_of(groups_, [](const Group& group) { return group.entries.empty(); });
}

Result<KeyFile> KeyFile::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return Error{"it contains NUL bytes"};
  KeyFile file;
  std::string current;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;

    if (line.front() == '[' && line.back() == ']') {
      current = line.substr(1, line.size() - 2);
      if (!is_group_name(current)) return line_error(number, line, "is not a valid group name");
      file.group(current);
      continue;
    }
    const std::size_t equals = line.find('=');
    const std::string_view key = trimmed(line.substr(0, std::min(equals, line.size())));
    if (equals == std::string_view::npos || key.empty() || line.front() == '[') {
      return line_error(number, line, "is neither a group, nor key=value, nor a comment");
    }
    if (current.empty()) return line_error(number, line, "stands before the first group");
    set(file.group(current), key, trimmed(line.substr(equals + 1)));
  }
  return file;
}

Result<std::string> string_value(const KeyFile::Entry& entry) {
  std::string result;
  for (std::size_t i = 0; i < entry.value.size(); ++i) {
    if (entry.value[i] != '\\') {
      result += entry.value[i];
      continue;
    }
    if (++i == entry.value.size()) return value_error(entry, "ends in a backslash");
    const auto character = unescaped(entry.value[i]);
    if (!character) return value_error(entry, "has an unknown escape");
    result += *character;
  }
  return result;
}

Result<bool> boolean_value(const KeyFile::Entry& entry) {
  if (entry.value == "true" || entry.value == "1") return true;
  if (entry.value == "false" || entry.value == "0") return false;
  return value_error(entry, "is neither true nor false");
}

std::string escape_value(std::string_view text) {
  // Only blanks at the ends have to be escaped; in the middle GLib leaves them as they are, and so do we.
  const std::size_t first = std::min(text.find_first_not_of(" \t"), text.size());
  const std::size_t last = text.find_last_not_of(" \t");
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool outer = i < first || last == std::string_view::npos || i > last;
    switch (text[i]) {
      case ' ':
        result += outer ? "\\s" : " ";
        break;
      case '\t':
        result += outer ? "\\t" : "\t";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\r':
        result += "\\r";
        break;
      case '\\':
        result += "\\\\";
        break;
      default:
        result += text[i];
    }
  }
  return result;
}

}  // namespace guestd::daemon
