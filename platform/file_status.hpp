// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "platform/device_number.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

enum class FileType { kRegular, kDirectory, kSymlink, kFifo, kSocket, kBlockDevice, kCharacterDevice };

/// What statx(2) tells of a file, and where a symbolic link leads. Times are nanoseconds since 1970.
struct FileStatus {
  FileType type = FileType::kRegular;
  std::int64_t size_bytes = 0;
  std::int64_t allocated_bytes = 0;
  mode_t mode = 0;  ///< without the type
  uid_t uid = 0;
  gid_t gid = 0;
  std::int64_t access_ns = 0;
  std::int64_t modify_ns = 0;
  std::int64_t change_ns = 0;
  std::optional<std::int64_t> birth_ns{};
  std::uint32_t links = 0;
  std::uint64_t inode = 0;
  DeviceNumber file_system{};
  std::optional<DeviceNumber> device{};
  std::optional<std::string> target{};  ///< the bytes of the link, whatever they are
};

/// Takes hold of a file without opening it (O_PATH): no device is touched, no pipe waited for. Without `follow` a
/// symbolic link is held itself. The error names the path.
Result<UniqueFd> hold_file(const Root& root, const std::string& path, bool follow);

/// Opens a file that is held or open, with a position of its own (proc_pid_fd(5)). It never waits, and nothing becomes
/// the controlling terminal.
Result<UniqueFd> reopen_file(int fd, int flags);

/// Of a file that is held or open.
Result<FileStatus> file_status(int fd);
/// Of a file in a folder; a link is not followed.
Result<FileStatus> file_status(int folder, const std::string& name);

/// Where a file has data (lseek(2), SEEK_DATA). One that tells of no holes is one piece.
struct DataExtents {
  struct Piece {
    std::int64_t offset_bytes = 0;
    std::int64_t length_bytes = 0;
    bool operator==(const Piece&) const = default;
  };
  std::vector<Piece> pieces{};
  std::optional<std::int64_t> next{};  ///< there are more from this offset on
};

/// Of a regular file that is open for reading; its position moves. At most `most` pieces.
Result<DataExtents> data_extents(int fd, std::int64_t from, std::size_t most);

}  // namespace guestd::platform
