// SPDX-License-Identifier: Apache-2.0
#include "platform/authorized_keys.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <utility>

namespace guestd::platform {

namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
  // The carriage return of files from other systems, which sshd passes over as well.
  constexpr std::string_view kAround = " \t\r";
  const std::size_t from = text.find_first_not_of(kAround);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kAround) - from + 1);
}

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

bool is_key_line(std::string_view line) { return !line.empty() && line.front() != '#'; }

std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return word;
}

// Options are separated by commas; blanks stand in them only between quotes, and quotes only behind a backslash.
bool skip_options(std::string_view& text) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '"') {
      ++at;
    } else if (text[at] == '"') {
      quoted = !quoted;
    } else if (!quoted && kBlanks.find(text[at]) != std::string_view::npos) {
      break;
    }
  }
  text.remove_prefix(at);
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return !quoted;
}

/// The bytes of base64; nothing if it is none. Keys have no line breaks in them.
std::optional<std::string> decoded(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 != 0) return std::nullopt;
  while (text.ends_with('=')) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char character : text) {
    const std::size_t value = kAlphabet.find(character);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xFFU);
  }
  return bytes;
}

bool begins_with_type(std::string_view bytes, std::string_view type) {
  std::string head;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    head += static_cast<char>((static_cast<std::uint32_t>(type.size()) >> shift) & 0xFFU);
  }
  head += type;
  return bytes.starts_with(head) && bytes.size() > head.size();
}

/// `type base64 [comment]`
bool is_plain_key(std::string_view text) {
  const std::string_view type = take_word(text);
  const auto bytes = decoded(take_word(text));
  return bytes && !type.empty() && begins_with_type(*bytes, type);
}

bool is_control(char character) {
  const auto value = static_cast<unsigned char>(character);
  return (value < 0x20 && character != '\t') || value == 0x7F;
}

}  // namespace

std::vector<std::string> keys_in(std::string_view text) {
  std::vector<std::string> keys;
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(text));
    if (is_key_line(line)) keys.emplace_back(line);
  }
  return keys;
}

std::string with_keys(std::string_view text, const std::vector<std::string>& keys) {
  const std::vector<std::string> old = keys_in(text);
  std::unordered_set<std::string_view> known(old.begin(), old.end());
  std::string result(text);
  for (const std::string& key : keys) {
    const std::string_view line = trimmed(key);
    if (!known.insert(line).second) continue;
    if (!result.empty() && !result.ends_with('\n')) result += '\n';
    result.append(line) += '\n';
  }
  return result;
}

std::string without_keys(std::string_view text, const std::vector<std::string>& keys) {
  std::unordered_set<std::string_view> dropped;
  for (const std::string& key : keys) dropped.insert(trimmed(key));
  std::string result;
  while (!text.empty()) {
    const std::string_view rest = text;
    const std::string_view line = take_line(text);
    // With its line break, if it has one.
    if (!dropped.contains(trimmed(line))) result += rest.substr(0, rest.size() - text.size());
  }
  return result;
}

std::optional<std::string> fault_of_key(std::string_view key) {
  if (key.find('\n') != std::string_view::npos || !is_key_line(trimmed(key))) return "";
  std::string_view text = trimmed(key);
  if (std::any_of(text.begin(), text.end(), is_control)) return "it has control characters in it";
  if (is_plain_key(text)) return std::nullopt;
  if (!skip_options(text)) return "a quote is open at its end";
  if (is_plain_key(text)) return std::nullopt;
  return "it is not '[options] type base64-of-the-key [comment]'";
}

}  // namespace guestd::platform
