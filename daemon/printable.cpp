// SPDX-License-Identifier: Apache-2.0
#include "daemon/printable.hpp"

#include <algorithm>
#include <cstdint>

#include "base/utf8.hpp"

namespace guestd::daemon {
namespace {

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

bool misleads(std::uint32_t code) {
  if (code < 0x20 || (code >= 0x7F && code < 0xA0)) return true;
  const bool is_mark = code == 0x061C || code == 0x200E || code == 0x200F;
  const bool breaks_or_turns = code >= 0x2028 && code <= 0x202E;
  return is_mark || breaks_or_turns || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8::sequence_length(text);
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || misleads(utf8::code_point(sequence))) {
      out += '?';
    } else {
      out += sequence;
    }
    text.remove_prefix(sequence.size());
  }
  return out;
}

std::string ends_of(std::string_view text, std::size_t limit_bytes) {
  if (text.size() <= limit_bytes) return std::string(text);
  std::size_t head = limit_bytes / 2;
  std::size_t tail = text.size() - limit_bytes / 2;
  // Between two characters; what is not UTF-8 is cut anywhere.
  for (int i = 0; i < 3 && head > 0 && continues_character(text[head]); ++i) --head;
  for (int i = 0; i < 3 && tail < text.size() && continues_character(text[tail]); ++i) ++tail;
  std::string out(text.substr(0, head));
  out += "...(" + std::to_string(tail - head) + " bytes)...";
  return out += text.substr(tail);
}

std::string without_empty_steps(std::string_view text) {
  if (!text.starts_with('/')) return std::string(text);
  std::string out;
  while (!text.empty()) {
    if (out.ends_with('/') && text.starts_with('/')) {
      text.remove_prefix(1);
    } else if (out.ends_with('/') && text.starts_with("./")) {
      text.remove_prefix(2);
    } else {
      const std::size_t end = std::min(text.find('/'), text.size() - 1) + 1;
      out += text.substr(0, end);
      text.remove_prefix(end);
    }
  }
  return out;
}

}  // namespace guestd::daemon
