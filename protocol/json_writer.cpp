// SPDX-License-Identifier: Apache-2.0
#include "protocol/json_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "protocol/base64.hpp"

namespace guestd::protocol {
namespace {

/// What stands in a string as it is: printable ASCII without the two characters that have escapes.
constexpr bool is_plain(char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

constexpr std::uint64_t repeated(std::uint64_t byte) { return byte * 0x0101010101010101U; }

/// is_plain() for eight bytes at once. Each term sets the highest bit of a byte that is not plain. Borrows and carries
/// may set others as well, but only if there is such a byte.
constexpr bool are_plain(std::uint64_t bytes) {
  const std::uint64_t quotes = bytes ^ repeated('"');
  const std::uint64_t backslashes = bytes ^ repeated('\\');
  const std::uint64_t found = bytes |                                // from 0x80 up
                              (bytes + repeated(1)) |                // 0x7F
                              ((bytes - repeated(0x20)) & ~bytes) |  // control characters
                              ((quotes - repeated(1)) & ~quotes) |   // the two that have escapes
                              ((backslashes - repeated(1)) & ~backslashes);
  return (found & repeated(0x80)) == 0;
}

/// The length of the plain beginning of `text`.
std::size_t plain_length(std::string_view text) {
  std::uint64_t bytes = 0;
  std::size_t length = 0;
  for (; text.size() - length >= sizeof bytes; length += sizeof bytes) {
    std::memcpy(&bytes, text.data() + length, sizeof bytes);
    if (!are_plain(bytes)) break;
  }
  while (length < text.size() && is_plain(text[length])) ++length;
  return length;
}

/// The code point of a well-formed sequence of `length` bytes, 2 to 4, at the start of `text`.
std::uint32_t code_point(std::string_view text, std::size_t length) {
  std::uint32_t value = static_cast<unsigned char>(text[0]) & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) value = value << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
  return value;
}

void append_unit(std::uint32_t unit, std::string& out) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const std::array<char, 6> escape = {
      '\\', 'u', kDigits[unit >> 12U & 15U], kDigits[unit >> 8U & 15U], kDigits[unit >> 4U & 15U], kDigits[unit & 15U]};
  out.append(escape.data(), escape.size());
}

void append_code_point(std::uint32_t value, std::string& out) {
  if (value < 0x10000) return append_unit(value, out);
  append_unit(0xD800U + ((value - 0x10000U) >> 10U), out);
  append_unit(0xDC00U + ((value - 0x10000U) & 0x3FFU), out);
}

void append_ascii_escape(char c, std::string& out) {
  constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t";
  constexpr std::string_view kNames = "\"\\bfnrt";
  const std::size_t index = kEscaped.find(c);
  if (index == std::string_view::npos) return append_unit(static_cast<unsigned char>(c), out);
  out += '\\';
  out += kNames[index];
}

/// Writes the character at the start of `text`, which is not ASCII, and returns its length in bytes.
std::size_t append_multibyte(std::string_view text, std::string& out) {
  constexpr std::uint32_t kReplacement = 0xFFFD;
  const std::size_t length = utf8::sequence_length(text);
  append_code_point(length == 0 ? kReplacement : code_point(text, length), out);
  return length == 0 ? 1 : length;
}

template <typename Number, typename... Format>
void append_number(Number value, std::string& out, Format... format) {
  std::array<char, 32> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value, format...);
  out.append(digits.data(), written.ptr);
}

}  // namespace

void JsonWriter::separate() {
  if (needs_comma_) text_ += ", ";
  needs_comma_ = true;
}

void JsonWriter::open(char bracket) {
  separate();
  text_ += bracket;
  needs_comma_ = false;
}

void JsonWriter::close(char bracket) {
  text_ += bracket;
  needs_comma_ = true;
}

void JsonWriter::key(std::string_view name) {
  string(name);
  text_ += ": ";
  needs_comma_ = false;
}

void JsonWriter::null() {
  separate();
  text_ += "null";
}

void JsonWriter::boolean(bool value) {
  separate();
  text_ += value ? "true" : "false";
}

void JsonWriter::integer(std::int64_t value) {
  separate();
  append_number(value, text_);
}

void JsonWriter::uint(std::uint64_t value) {
  separate();
  append_number(value, text_);
}

void JsonWriter::number(double value) {
  if (!std::isfinite(value)) return null();
  separate();
  append_number(value, text_, std::chars_format::general, 17);  // %.17g, but never with the locale's decimal point
}

void JsonWriter::string(std::string_view utf8) {
  begin_string();
  escaped(utf8);
  end_string();
}

void JsonWriter::base64(std::span<const std::byte> bytes) {
  begin_string();
  base64_piece(bytes);
  end_string();
}

void JsonWriter::begin_string() {
  separate();
  text_ += '"';
}

void JsonWriter::base64_piece(std::span<const std::byte> bytes) { base64::encode(bytes, text_); }

void JsonWriter::end_string() { text_ += '"'; }

void JsonWriter::escaped(std::string_view utf8) {
  while (!utf8.empty()) {
    const std::size_t plain = plain_length(utf8);
    text_ += utf8.substr(0, plain);
    utf8.remove_prefix(plain);
    if (utf8.empty()) break;
    if (static_cast<unsigned char>(utf8.front()) < 0x80) {
      append_ascii_escape(utf8.front(), text_);
      utf8.remove_prefix(1);
    } else {
      utf8.remove_prefix(append_multibyte(utf8, text_));
    }
  }
}

/// Recursive: the reader refuses what is nested deeper than limits::kMessageDepth.
void JsonWriter::value(JsonView any) {
  switch (any.type()) {
    case JsonType::kNull:
      return null();
    case JsonType::kBool:
      return boolean(any.as_bool());
    case JsonType::kInt:
      return integer(any.as_int());
    case JsonType::kUint:
      return uint(any.as_uint());
    case JsonType::kDouble:
      return number(any.as_double());
    case JsonType::kString:
      return string(any.as_string());
    case JsonType::kArray:
      begin_array();
      for (const JsonView element : any) value(element);
      return end_array();
    case JsonType::kObject:
      begin_object();
      for (const JsonView member : any) {
        key(member.key());
        value(member);
      }
      return end_object();
  }
}

bool JsonWriter::flush_chunk() {
  if (sink_ == nullptr || text_.size() < limits::kReplyChunkBytes) return true;
  return sink_->take(text_);
}

}  // namespace guestd::protocol
