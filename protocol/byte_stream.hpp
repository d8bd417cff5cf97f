// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <utility>

namespace guestd::protocol {

/// A result member that carries bytes, sent as base64: either all of them, or a source from which the encoder pulls
/// them piece by piece while the host reads the reply.
///
/// A struct that has such a member also has `std::function<void(Self&)> complete`: the encoder calls it after the last
/// piece, to fill in the members that are known only then (how much was read, whether it was the end). A streamed
/// member is therefore written first; a buffered one in the order of the schema.
class ByteStream {
 public:
  /// Fills `piece` as far as it can and returns the number of bytes; fewer than asked for means the end. Called on the
  /// worker that runs the command.
  using Source = std::function<std::size_t(std::span<std::byte> piece)>;

  ByteStream() = default;
  explicit ByteStream(std::string bytes) : bytes_(std::move(bytes)) {}
  explicit ByteStream(Source source) : source_(std::move(source)) {}

  [[nodiscard]] bool is_buffered() const { return !source_; }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::size_t pull(std::span<std::byte> piece) { return source_(piece); }

 private:
  std::string bytes_;
  Source source_;
};

}  // namespace guestd::protocol
