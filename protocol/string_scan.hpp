// SPDX-License-Identifier: Apache-2.0
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstdint>

namespace guestd::protocol {

/// Whether framing has to look at this byte of a string: its end, a backslash, a control character, 0xFE or 0xFF.
inline bool is_string_special(char c, char quote) {
  const auto byte = static_cast<unsigned char>(c);
  return c == quote || c == '\\' || byte < 0x20 || byte >= 0xFE;
}

/// The first special byte of [begin, end), or end. Sixteen bytes at a time where the CPU can: strings of 64 MiB pass
/// through here.
inline const char* find_string_special(const char* begin, const char* end, char quote) {
#if defined(__SSE2__)
  const __m128i quotes = _mm_set1_epi8(quote);
  const __m128i backslashes = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1F);
  const __m128i first_illegal = _mm_set1_epi8(static_cast<char>(0xFE));
  for (; end - begin >= 16; begin += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
    const __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, quotes), _mm_cmpeq_epi8(bytes, backslashes));
    const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i illegal = _mm_cmpeq_epi8(_mm_max_epu8(bytes, first_illegal), bytes);
    const int mask = _mm_movemask_epi8(_mm_or_si128(ends, _mm_or_si128(controls, illegal)));
    if (mask != 0) return begin + std::countr_zero(static_cast<std::uint32_t>(mask));
  }
#endif
  while (begin < end && !is_string_special(*begin, quote)) ++begin;
  return begin;
}

}  // namespace guestd::protocol
