// SPDX-License-Identifier: Apache-2.0
#include "platform/linux/fields.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace guestd::platform {

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string_view take_word(std::string_view& line) {
  constexpr std::string_view kBlanks = " \t:";
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

bool parse_number(std::string_view text, std::uint64_t& number, int base) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc{} && stop == text.data() + text.size();
}

bool parse_decimal(std::string_view text, double& number) {
  // Digits and points only: no sign, and neither "inf" nor "nan", which JSON cannot say.
  if (text.find_first_not_of("0123456789.") != std::string_view::npos) return false;
  const auto format = std::chars_format::fixed;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number, format);
  return error == std::errc{} && stop == text.data() + text.size();
}

}  // namespace guestd::platform
