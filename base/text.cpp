// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

namespace guestd {
namespace {

constexpr bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::string excerpt(std::string_view text, std::size_t limit_bytes) {
  if (text.size() <= limit_bytes) return std::string(text);
  constexpr std::string_view kDots = "...";
  std::size_t length = limit_bytes - kDots.size();
  // No character has more than three bytes behind its first; what is not UTF-8 is cut anywhere.
  for (int i = 0; i < 3 && length > 0 && continues_character(text[length]); ++i) --length;
  return std::string(text.substr(0, length)) += kDots;
}

}  // namespace guestd
