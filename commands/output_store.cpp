// SPDX-License-Identifier: Apache-2.0
#include "commands/output_store.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

namespace guestd::commands {
namespace {

constexpr std::size_t kFirstChunk = std::size_t{4} << 10U;
constexpr std::size_t kLargestChunk = std::size_t{256} << 10U;

}  // namespace

bool OutputBudget::take(std::size_t bytes) {
  std::size_t used = used_;
  do {
    if (used > limit_ || limit_ - used < bytes) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes));
  return true;
}

OutputBytes::OutputBytes(std::string bytes) {
  const auto owned = std::make_shared<const std::string>(std::move(bytes));
  add({owned, owned->data()}, *owned);
}

void OutputBytes::add(std::shared_ptr<const char[]> owner, std::string_view bytes) {
  if (bytes.empty()) return;
  parts_.push_back({std::move(owner), bytes});
  size_ += bytes.size();
}

std::string OutputBytes::str() const {
  std::string all;
  all.reserve(size_);
  for (const Part& part : parts_) all += part.bytes;
  return all;
}

std::size_t OutputBytes::take(std::span<std::byte> piece) {
  std::size_t filled = 0;
  while (filled < piece.size() && !parts_.empty()) {
    std::string_view& bytes = parts_.front().bytes;
    const std::size_t count = std::min(bytes.size(), piece.size() - filled);
    std::memcpy(piece.data() + filled, bytes.data(), count);
    filled += count;
    bytes.remove_prefix(count);
    if (bytes.empty()) parts_.pop_front();
  }
  size_ -= filled;
  return filled;
}

OutputStore::~OutputStore() {
  while (!chunks_.empty()) drop_front_chunk();
}

std::size_t OutputStore::room() const {
  if (when_full_ != WhenFull::kWait) return std::numeric_limits<std::size_t>::max();
  return limit_ - static_cast<std::size_t>(end_ - begin_);
}

void OutputStore::append(std::string_view bytes) {
  const auto kept = static_cast<std::size_t>(end_ - begin_);
  if (when_full_ == WhenFull::kDropNewest && (dropped_newest_ > 0 || bytes.size() > limit_ - kept)) {
    // Once there is a gap, nothing behind it is the continuation of what is kept.
    const std::size_t taken = dropped_newest_ > 0 ? 0 : limit_ - kept;
    dropped_newest_ += bytes.size() - taken;
    bytes = bytes.substr(0, taken);
  }
  while (!bytes.empty()) {
    if ((chunks_.empty() || chunks_.back().filled == chunks_.back().capacity) && !grow(bytes.size())) {
      if (when_full_ == WhenFull::kDropNewest) {
        dropped_newest_ += bytes.size();
      } else {
        begin_ = end_ += bytes.size();
      }
      return;
    }
    Chunk& chunk = chunks_.back();
    const std::size_t count = std::min(bytes.size(), chunk.capacity - chunk.filled);
    std::memcpy(chunk.bytes.get() + chunk.filled, bytes.data(), count);
    chunk.filled += count;
    end_ += count;
    bytes.remove_prefix(count);
    if (when_full_ == WhenFull::kDropOldest && end_ - begin_ > limit_) drop_before(end_ - limit_);
  }
}

// A chunk with room at the end; false if there is no memory for it.
bool OutputStore::grow(std::size_t wanted) {
  const std::size_t last = chunks_.empty() ? 0 : chunks_.back().capacity;
  const std::size_t capacity = std::clamp(std::max(wanted, 2 * last), kFirstChunk, kLargestChunk);
  bool paid = budget_.take(capacity);
  // The oldest makes room for the newest.
  while (!paid && when_full_ == WhenFull::kDropOldest && !chunks_.empty()) {
    const std::uint64_t next = chunks_.front().offset + chunks_.front().filled;
    begin_ = std::max(begin_, next);
    drop_front_chunk();
    paid = budget_.take(capacity);
  }
  if (!paid && when_full_ != WhenFull::kWait) return false;
  if (!paid) budget_.take_anyway(capacity);
  std::shared_ptr<char[]> memory(new (std::nothrow) char[capacity]);
  if (!memory) {
    budget_.give_back(capacity);
    return false;
  }
  chunks_.push_back({std::move(memory), capacity, 0, end_});
  return true;
}

void OutputStore::drop_front_chunk() {
  budget_.give_back(chunks_.front().capacity);
  chunks_.pop_front();
}

void OutputStore::drop_before(std::uint64_t offset) {
  begin_ = std::max(begin_, std::min(offset, end_));
  while (!chunks_.empty() && chunks_.front().offset + chunks_.front().filled <= begin_ &&
         chunks_.front().filled == chunks_.front().capacity) {
    drop_front_chunk();
  }
}

Result<OutputBytes> OutputStore::read(std::uint64_t offset, std::size_t most) {
  offset = std::max(offset, begin_);
  const std::uint64_t until = std::min<std::uint64_t>(end_, offset + most);
  OutputBytes bytes;
  if (offset >= until) return bytes;
  auto chunk = std::ranges::upper_bound(chunks_, offset, {}, &Chunk::offset);
  for (--chunk; chunk != chunks_.end() && offset < until; ++chunk) {
    const auto from = static_cast<std::size_t>(offset - chunk->offset);
    const auto count = std::min(chunk->filled - from, static_cast<std::size_t>(until - offset));
    bytes.add(chunk->bytes, {chunk->bytes.get() + from, count});
    offset += count;
  }
  return bytes;
}

void OutputStore::release(std::uint64_t offset) {
  if (when_full_ == WhenFull::kWait) drop_before(offset);
}

}  // namespace guestd::commands
