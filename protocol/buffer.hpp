// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace guestd::protocol {

/// A growing byte buffer for one message, made for 64 MiB ones: growth moves pages instead of copying bytes
/// (realloc, which is mremap for large blocks), and behind the content there are always kPadding zero bytes, which
/// simdjson may read. Throws std::bad_alloc.
class Buffer {
 public:
  static constexpr std::size_t kPadding = 64;

  Buffer() = default;
  explicit Buffer(std::string_view content) { append(content); }
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();

  void append(std::string_view bytes);
  /// Where the next `bytes` bytes may be written to, behind the content (over the padding); valid until the next call
  /// of anything. extend() makes the first of them content.
  [[nodiscard]] std::span<char> room(std::size_t bytes);
  void extend(std::size_t bytes);
  /// Forgets the content; a block of more than 64 KiB goes back to the system.
  void clear();

  [[nodiscard]] char* data() { return data_; }
  [[nodiscard]] const char* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::string_view view() const { return {data_, size_}; }
  /// Bytes that may be read from data(): content and padding.
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace guestd::protocol
