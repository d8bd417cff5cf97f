// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "platform/checked_open.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// How a file is opened, in the terms of fopen(3).
struct FileAccess {
  bool read = false;
  bool write = false;
  bool create = false;    ///< make it if it is not there: mode 0666 less the umask
  bool truncate = false;  ///< forget what is in it
  bool append = false;    ///< each write goes to the end
};

enum class SeekFrom { kStart, kCurrent, kEnd };

/// An open file of the guest, without a buffer of its own. It never waits: a FIFO or terminal that has nothing to
/// give, or no room, is EAGAIN. Nothing that is opened becomes the controlling terminal. Errors carry errno_value.
/// One thread at a time.
class File {
 public:
  /// With a `check` the file is opened as checked_open.hpp tells, and its error comes back as it is.
  static Result<File> open(const Root& root, const std::string& path, const FileAccess& access,
                           const PathCheck& check = {});
  /// One that was opened elsewhere, with O_NONBLOCK and O_NOCTTY.
  explicit File(UniqueFd fd) : File(std::move(fd), false) {}

  /// One read(2): what there is, up to the size of `piece`; 0 is the end.
  [[nodiscard]] Result<std::size_t> read(std::span<std::byte> piece);
  /// The same, but only what is at hand: EAGAIN where the disk or a peer would have to be waited for, and where the
  /// file system cannot tell. May return less than there is. Safe where nothing may wait.
  [[nodiscard]] Result<std::size_t> read_at_once(std::span<std::byte> piece);
  /// One write(2): may take less than all of it.
  [[nodiscard]] Result<std::size_t> write(std::span<const std::byte> bytes);
  /// The new position from the start.
  [[nodiscard]] Result<std::int64_t> seek(std::int64_t offset, SeekFrom from);
  /// What the file says is left between the position and its end; none for what is not a regular file. A hint only:
  /// files of /proc say 0, and any file may change.
  [[nodiscard]] std::optional<std::size_t> bytes_left() const;
  /// Another descriptor of the same open file; the two share a position.
  [[nodiscard]] Result<UniqueFd> duplicate() const;
  /// The file is closed also if that fails (a remote or full file system reports lost data here).
  [[nodiscard]] Result<void> close();

 private:
  File(UniqueFd fd, bool at_once) : fd_(std::move(fd)), at_once_(at_once) {}

  UniqueFd fd_;
  bool at_once_;  // reading leaves no trace in the file system, and the position can be set back
};

}  // namespace guestd::platform
