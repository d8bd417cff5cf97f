// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// UTF-8 of RFC 3629 and the `\uXXXX` escapes of JSON (RFC 8259, section 7).
namespace guestd::utf8 {

/// Bytes of the well-formed sequence at the start of `text`; 0 if there is none (overlong forms, surrogates, values
/// above U+10FFFF and truncated sequences are not well-formed).
std::size_t sequence_length(std::string_view text);

/// Whether there is nothing else in `text`.
bool is_valid(std::string_view text);

/// The code point of one whole well-formed sequence, as sequence_length() measures it.
std::uint32_t code_point(std::string_view sequence);

void append(std::uint32_t code_point, std::string& out);

/// The value of a `\uXXXX` at the start of `text`.
std::optional<std::uint32_t> parse_escape(std::string_view text);

constexpr bool is_surrogate(std::uint32_t unit) { return unit >= 0xD800 && unit <= 0xDFFF; }
/// The code point of a surrogate pair; nothing if the two are not one.
std::optional<std::uint32_t> combine(std::uint32_t high, std::uint32_t low);

}  // namespace guestd::utf8
