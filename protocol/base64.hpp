// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

/// base64 of RFC 4648, section 4. Strict: padding is needed, unused bits are zero, nothing stands between the
/// characters but line breaks (CR, LF), which Proxmox VE puts in every 76 columns. AVX2 or NEON where the CPU has it.
namespace guestd::protocol::base64 {

/// Length of the text for that many bytes.
constexpr std::size_t encoded_size(std::size_t bytes) { return (bytes + 2) / 3 * 4; }

/// Appends the text of `bytes`, without line breaks.
void encode(std::span<const std::byte> bytes, std::string& out);

/// Decodes `text` into itself: the bytes overwrite its beginning, whose length is returned.
Result<std::size_t> decode_in_place(std::span<char> text);

/// Which implementation runs here: "avx2", "neon" or "portable".
std::string_view implementation();

/// The portable implementation alone, for tests that compare it with the fast one.
namespace portable {
void encode(std::span<const std::byte> bytes, std::string& out);
Result<std::size_t> decode_in_place(std::span<char> text);
}  // namespace portable

}  // namespace guestd::protocol::base64

namespace guestd::protocol {

/// A member of a request that carries bytes as base64. It refers to the text inside the message, which lives as long
/// as the request. Decoding is the command's step, not the decoder's, because the protocol reports bad base64 after
/// errors about the object it is meant for.
class Base64Text {
 public:
  Base64Text() = default;
  explicit Base64Text(std::span<char> text) : text_(text) {}

  [[nodiscard]] std::string_view text() const { return {text_.data(), text_.size()}; }
  /// Decodes in place, without a copy: call it once, the text is gone afterwards.
  [[nodiscard]] Result<std::span<const std::byte>> decode() const;
  /// Overwrites the text, and with it what decode() gave, inside the message: for secrets.
  void forget() const;

 private:
  std::span<char> text_;
};

}  // namespace guestd::protocol
