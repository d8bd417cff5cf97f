// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "platform/file.hpp"

namespace guestd::commands {

/// What stands behind a file handle: the file, and what the host has still to be told about it. Data goes straight
/// through, so that each error shows in the call that meets it. Error texts are those of the wire. One thread at a
/// time.
class OpenFile {
 public:
  explicit OpenFile(platform::File file) : file_(std::move(file)) {}

  /// Fills `piece` as far as the file allows. Fewer bytes: the end (see at_end), nothing there just now (EAGAIN), or
  /// an error behind the bytes, which the next read reports. An error itself only if there are no bytes to give.
  Result<std::size_t> read(std::span<std::byte> piece);
  /// The same without ever waiting; nothing if some of it is not at hand. Then nothing has happened.
  std::optional<std::size_t> read_at_once(std::span<std::byte> piece);
  /// For an error of a read whose bytes before it are already on their way: the next read reports it.
  void report_later(const Error& error);
  /// Writes all of it; fewer bytes only if the file has no room just now (EAGAIN).
  Result<std::size_t> write(std::span<const std::byte> bytes);
  Result<std::int64_t> seek(std::int64_t offset, platform::SeekFrom from);
  /// Nothing is held back here: it fails if data was lost in a write before.
  Result<void> flush();
  /// Fails for lost data too. The file is closed in every case.
  Result<void> close();

  /// Whether the last read met the end, and nothing has moved since.
  [[nodiscard]] bool at_end() const { return at_end_; }
  [[nodiscard]] std::optional<std::size_t> bytes_left() const { return file_.bytes_left(); }
  /// A descriptor of the file that lives on when the handle is closed.
  [[nodiscard]] Result<UniqueFd> duplicate() const { return file_.duplicate(); }

 private:
  platform::File file_;
  bool at_end_ = false;
  int read_errno_ = 0;   // to be reported by the next read
  int write_errno_ = 0;  // data was lost: stays
};

}  // namespace guestd::commands
