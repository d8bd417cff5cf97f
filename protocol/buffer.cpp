// SPDX-License-Identifier: Apache-2.0
#include "protocol/buffer.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

namespace guestd::protocol {
namespace {

constexpr std::size_t kSmallestBlock = 512;
constexpr std::size_t kKeptBlock = std::size_t{64} << 10U;
constexpr std::size_t kLargeBlock = std::size_t{1} << 20U;

/// Doubles what is small. What is large grows by half: its pages are moved, not copied, and those behind the content
/// are not touched, so that they cost addresses only.
std::size_t grown(std::size_t capacity, std::size_t needed) {
  const std::size_t next = capacity < kLargeBlock ? capacity * 2 : capacity + capacity / 2;
  return std::max({kSmallestBlock, next, needed});
}

}  // namespace

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this == &other) return *this;
  std::free(data_);
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  return *this;
}

Buffer::~Buffer() { std::free(data_); }

void Buffer::append(std::string_view bytes) {
  const std::span<char> room = this->room(bytes.size());
  if (!bytes.empty()) std::memcpy(room.data(), bytes.data(), bytes.size());
  extend(bytes.size());
}

std::span<char> Buffer::room(std::size_t bytes) {
  // A quarter of the addresses: neither the sums here nor the growth can overflow.
  constexpr std::size_t kLargest = std::numeric_limits<std::size_t>::max() / 4;
  if (bytes > kLargest - kPadding - size_) throw std::bad_alloc();
  const std::size_t needed = size_ + bytes + kPadding;
  if (needed > capacity_) {
    const std::size_t capacity = grown(capacity_, needed);
    void* block = std::realloc(data_, capacity);
    if (block == nullptr) throw std::bad_alloc();
    data_ = static_cast<char*>(block);
    capacity_ = capacity;
  }
  return {data_ + size_, bytes};
}

void Buffer::extend(std::size_t bytes) {
  size_ += bytes;
  std::memset(data_ + size_, 0, kPadding);
}

void Buffer::clear() {
  size_ = 0;
  if (capacity_ > kKeptBlock) {
    std::free(std::exchange(data_, nullptr));
    capacity_ = 0;
  }
  if (data_ != nullptr) std::memset(data_, 0, kPadding);
}

}  // namespace guestd::protocol
