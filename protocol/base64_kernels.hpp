// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

/// Between base64.cpp and the vector implementations; nobody else includes this.
namespace guestd::protocol::base64 {

/// Decoding in place: `out` never passes `in`, so whatever lies before `in` may be overwritten, and nothing behind it.
struct DecodeCursor {
  const char* in;
  const char* end;
  char* out;
};

/// The inner loops of one implementation. What a kernel leaves over is done by the portable one.
struct Kernels {
  std::string_view name;
  /// Encodes as much of `in` as it can and returns the number of bytes, a multiple of 3. Writes 4 characters for
  /// each 3.
  std::size_t (*encode)(const unsigned char* in, std::size_t size, char* out);
  /// Decodes groups of 4 characters, and skips line breaks between groups, until something else stands there or too
  /// little is left. What it has not consumed is unchanged.
  void (*decode)(DecodeCursor& cursor);
};

/// nullptr where the CPU cannot run it.
const Kernels* avx2_kernels();
const Kernels* neon_kernels();

constexpr bool is_line_break(char c) { return c == '\n' || c == '\r'; }

inline const char* skip_line_breaks(const char* in, const char* end) {
  while (in != end && is_line_break(*in)) ++in;
  return in;
}

}  // namespace guestd::protocol::base64
