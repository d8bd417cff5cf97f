// SPDX-License-Identifier: Apache-2.0
#include "client/terminal/escape.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "base/utf8.hpp"

namespace guestd::terminal {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, std::uint32_t code) {
  for (const Range& range : ranges) {
    if (code >= range.first && code <= range.last) return true;
  }
  return false;
}

/// Marks and embeddings of writing direction, invisible operators, separators of lines and paragraphs, tags.
constexpr std::array kHidden{Range{0x00AD, 0x00AD}, Range{0x061C, 0x061C}, Range{0x180E, 0x180E},
                             Range{0x200B, 0x200F}, Range{0x2028, 0x202E}, Range{0x2060, 0x206F},
                             Range{0xFEFF, 0xFEFF}, Range{0xFFF9, 0xFFFB}, Range{0xE0000, 0xE0FFF}};
constexpr std::array kCombining{
    Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD}, Range{0x0610, 0x061A}, Range{0x064B, 0x065F},
    Range{0x1AB0, 0x1AFF}, Range{0x1DC0, 0x1DFF}, Range{0x20D0, 0x20FF}, Range{0xFE00, 0xFE0F}, Range{0xFE20, 0xFE2F}};
constexpr std::array kWide{Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},  Range{0x3041, 0xA4CF},
                           Range{0xAC00, 0xD7A3},   Range{0xF900, 0xFAFF},  Range{0xFE30, 0xFE6F},
                           Range{0xFF00, 0xFF60},   Range{0xFFE0, 0xFFE6},  Range{0x1F300, 0x1F64F},
                           Range{0x1F900, 0x1F9FF}, Range{0x20000, 0x3FFFD}};

void append_byte(std::string& out, std::uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "\\x%02x", value);
  out += text;
}

void append_code_point(std::string& out, std::uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "\\u{%x}", value);
  out += text;
}

/// C0, DEL and C1 (which is two bytes in UTF-8) are named by their number.
bool append_control(std::string& out, std::uint32_t code, bool lines) {
  if (code >= 0x20 && code != 0x7F && !(code >= 0x80 && code < 0xA0)) return false;
  if (lines && (code == '\n' || code == '\t')) {
    out += static_cast<char>(code);
  } else if (code == '\n') {
    out += "\\n";
  } else if (code == '\t') {
    out += "\\t";
  } else if (code == '\r') {
    out += "\\r";
  } else {
    append_byte(out, code);
  }
  return true;
}

std::string escaped(std::string_view text, bool lines) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8::sequence_length(text);
    if (length == 0) {
      append_byte(out, static_cast<unsigned char>(text.front()));
      text.remove_prefix(1);
      continue;
    }
    const std::string_view sequence = text.substr(0, length);
    const std::uint32_t code = utf8::code_point(sequence);
    if (!append_control(out, code, lines)) {
      if (is_in(kHidden, code)) {
        append_code_point(out, code);
      } else {
        out += sequence;
      }
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) { return escaped(text, false); }

std::string printable_lines(std::string_view text) { return escaped(text, true); }

std::size_t width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const std::size_t length = utf8::sequence_length(text);
    const std::uint32_t code = length == 0 ? 0 : utf8::code_point(text.substr(0, length));
    columns += is_in(kCombining, code) ? 0U : is_in(kWide, code) ? 2U : 1U;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return columns;
}

}  // namespace guestd::terminal
