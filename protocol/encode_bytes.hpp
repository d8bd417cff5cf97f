// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "protocol/boxed.hpp"
#include "protocol/byte_stream.hpp"
#include "protocol/json_writer.hpp"

/// How generated encoders write bytes: a ByteStream, either of its two kinds, and the plain bytes of clients. And what
/// is boxed.
namespace guestd::protocol::encode {

inline void bytes(std::string_view content, JsonWriter& out) { out.base64(std::as_bytes(std::span(content))); }

/// `encode` is the generated encoder of a T. What nobody has given a value is null.
template <typename T, typename Encode>
void boxed(const Boxed<T>& value, Encode encode, JsonWriter& out) {
  if (!value.has_value()) return out.null();
  encode(*value, out);
}
template <typename T, typename Encode>
void boxed(Boxed<T>& value, Encode encode, JsonWriter& out) {
  if (!value.has_value()) return out.null();
  encode(*value, out);
}

inline void buffered(const ByteStream& bytes, JsonWriter& out) { out.base64(std::as_bytes(std::span(bytes.bytes()))); }

/// Pulls until the source ends or nobody wants the reply any more. Holds one piece at a time.
inline void streamed(ByteStream& bytes, JsonWriter& out) {
  constexpr std::size_t kPieceBytes = limits::kReplyChunkBytes / 3 * 3;  // no padding before the end
  std::vector<std::byte> piece(kPieceBytes);
  out.begin_string();
  while (true) {
    const std::size_t filled = bytes.pull(piece);
    out.base64_piece(std::span(piece).first(filled));
    if (!out.flush_chunk() || filled < piece.size()) break;
  }
  out.end_string();
}

}  // namespace guestd::protocol::encode
