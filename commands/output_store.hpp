// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace guestd::commands {

/// The memory that captured output may take, all processes together. Thread-safe.
class OutputBudget {
 public:
  explicit OutputBudget(std::size_t limit_bytes) : limit_(limit_bytes) {}

  /// False: it would be too much, nothing was taken.
  bool take(std::size_t bytes);
  /// For the little without which a program would stand still for ever.
  void take_anyway(std::size_t bytes) { used_ += bytes; }
  void give_back(std::size_t bytes) { used_ -= bytes; }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_{0};
};

/// Bytes of an output as they were when they were read: those in memory are shared with the store, not copied, and stay
/// here when the store drops them.
class OutputBytes {
 public:
  OutputBytes() = default;
  explicit OutputBytes(std::string bytes);
  /// `bytes` lie in `owner`, and never change.
  void add(std::shared_ptr<const char[]> owner, std::string_view bytes);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::string str() const;
  /// Fills `piece` with the first bytes as far as there are any, which are then gone from here.
  std::size_t take(std::span<std::byte> piece);

 private:
  struct Part {
    std::shared_ptr<const char[]> owner;
    std::string_view bytes;
  };
  std::deque<Part> parts_;
  std::size_t size_ = 0;
};

/// What is kept of one output of a program. Offsets count the bytes that the program has written to it, so a byte has
/// the same one for ever. One thread at a time.
class KeptOutput {
 public:
  virtual ~KeptOutput() = default;
  /// The first byte that is kept.
  [[nodiscard]] virtual std::uint64_t begin() const = 0;
  /// Behind the last one.
  [[nodiscard]] virtual std::uint64_t end() const = 0;
  /// What the program has written: more than end() if the newest bytes were dropped.
  [[nodiscard]] virtual std::uint64_t written() const = 0;
  /// Bytes from `offset`, which is between begin() and end(); fewer than `most` only at the end. An error is one of a
  /// file.
  virtual Result<OutputBytes> read(std::uint64_t offset, std::size_t most) = 0;
  /// Nobody will read again what stands before `offset`.
  virtual void release(std::uint64_t offset) = 0;
};

/// What happens with more than the limit.
enum class WhenFull { kDropOldest, kDropNewest, kWait };

/// Output in memory, in pieces that grow with it.
class OutputStore final : public KeptOutput {
 public:
  OutputStore(std::size_t limit_bytes, WhenFull when_full, OutputBudget& budget)
      : limit_(limit_bytes), when_full_(when_full), budget_(budget) {}
  OutputStore(const OutputStore&) = delete;
  OutputStore& operator=(const OutputStore&) = delete;
  ~OutputStore() override;

  /// How much append() may be given now. What may be dropped always finds room.
  [[nodiscard]] std::size_t room() const;
  void append(std::string_view bytes);

  [[nodiscard]] std::uint64_t begin() const override { return begin_; }
  [[nodiscard]] std::uint64_t end() const override { return end_; }
  [[nodiscard]] std::uint64_t written() const override { return end_ + dropped_newest_; }
  Result<OutputBytes> read(std::uint64_t offset, std::size_t most) override;
  void release(std::uint64_t offset) override;

 private:
  struct Chunk {
    std::shared_ptr<char[]> bytes;  // what is filled never changes: readers may hold it
    std::size_t capacity = 0;
    std::size_t filled = 0;
    std::uint64_t offset = 0;  // of its first byte
  };

  bool grow(std::size_t wanted);
  void drop_before(std::uint64_t offset);
  void drop_front_chunk();

  const std::size_t limit_;
  const WhenFull when_full_;
  OutputBudget& budget_;
  std::deque<Chunk> chunks_;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t dropped_newest_ = 0;
};

}  // namespace guestd::commands
