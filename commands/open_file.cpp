// SPDX-License-Identifier: Apache-2.0
#include "commands/open_file.hpp"

#include <cerrno>

namespace guestd::commands {

Result<std::size_t> OpenFile::read(std::span<std::byte> piece) {
  if (piece.empty()) return 0;
  std::size_t filled = 0;
  int failed = std::exchange(read_errno_, 0);
  at_end_ = false;
  while (failed == 0 && filled < piece.size()) {
    const auto count = file_.read(piece.subspan(filled));
    if (!count) {
      failed = count.error().errno_value;
      break;
    }
    filled += *count;
    if (*count == 0) {
      at_end_ = true;
      break;
    }
  }
  if (failed == 0) return filled;
  auto error = Error::from_errno("failed to read file", failed);
  if (filled == 0) return error;
  report_later(error);
  return filled;
}

std::optional<std::size_t> OpenFile::read_at_once(std::span<std::byte> piece) {
  if (read_errno_ != 0 || piece.empty()) return std::nullopt;
  std::size_t filled = 0;
  while (filled < piece.size()) {
    const auto count = file_.read_at_once(piece.subspan(filled));
    if (!count) {
      // Setting back moves over bytes that were there a moment ago, so it cannot fail.
      if (filled > 0) static_cast<void>(file_.seek(-static_cast<std::int64_t>(filled), platform::SeekFrom::kCurrent));
      return std::nullopt;
    }
    filled += *count;
    if (*count == 0) break;
  }
  at_end_ = filled < piece.size();
  return filled;
}

void OpenFile::report_later(const Error& error) {
  // EAGAIN is the state of a moment: the next read finds out by itself.
  if (error.errno_value != EAGAIN) read_errno_ = error.errno_value;
}

Result<std::size_t> OpenFile::write(std::span<const std::byte> bytes) {
  at_end_ = false;
  std::size_t written = 0;
  while (written < bytes.size()) {
    const auto count = file_.write(bytes.subspan(written));
    if (count) {
      written += *count;
      continue;
    }
    const int failed = count.error().errno_value;
    if (failed == EAGAIN && written > 0) break;
    // After EAGAIN the host knows that nothing was taken and may try again: that loses nothing.
    if (failed != EAGAIN) write_errno_ = failed;
    return Error::from_errno("failed to write to file", failed);
  }
  return written;
}

Result<std::int64_t> OpenFile::seek(std::int64_t offset, platform::SeekFrom from) {
  const auto position = file_.seek(offset, from);
  if (!position) return Error::from_errno("failed to seek file", position.error().errno_value);
  at_end_ = false;
  read_errno_ = 0;
  return *position;
}

Result<void> OpenFile::flush() {
  if (write_errno_ != 0) return Error::from_errno("failed to flush file", write_errno_);
  return {};
}

Result<void> OpenFile::close() {
  const auto closed = file_.close();
  const int failed = closed ? write_errno_ : closed.error().errno_value;
  if (failed != 0) return Error::from_errno("failed to close handle", failed);
  return {};
}

}  // namespace guestd::commands
