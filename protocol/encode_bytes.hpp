// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/limits.hpp"
#include "protocol/byte_stream.hpp"
#include "protocol/json_writer.hpp"

/// How generated encoders write a ByteStream, either of its two kinds.
namespace guestd::protocol::encode {

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
