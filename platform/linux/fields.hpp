// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace guestd::platform {

/// Takes the first line off `text`; it comes without its end.
std::string_view take_line(std::string_view& text);

/// Takes the first word off `line`, and the blanks before it; empty at the end. Blanks are space, tab and colon: the
/// kernel writes `MemTotal:  123 kB`.
std::string_view take_word(std::string_view& line);

/// A number and nothing else, in digits of `base`; false for anything else, too large ones included.
bool parse_number(std::string_view text, std::uint64_t& number, int base = 10);

/// The same for a number like 12.34: finite, not negative, without exponent.
bool parse_decimal(std::string_view text, double& number);

}  // namespace guestd::platform
