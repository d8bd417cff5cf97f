// SPDX-License-Identifier: Apache-2.0
#include "platform/file_status.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <limits>
#include <utility>

namespace guestd::platform {

namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

/// Times that no int64 can hold (the years 1678 and 2262) are cut off there.
std::int64_t to_ns(const statx_timestamp& time) {
  std::int64_t ns = 0;
  const bool overflows = __builtin_mul_overflow(std::int64_t{time.tv_sec}, kSecondNs, &ns) ||
                         __builtin_add_overflow(ns, std::int64_t{time.tv_nsec}, &ns);
  if (!overflows) return ns;
  return time.tv_sec < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

FileType type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return FileType::kDirectory;
    case S_IFLNK:
      return FileType::kSymlink;
    case S_IFIFO:
      return FileType::kFifo;
    case S_IFSOCK:
      return FileType::kSocket;
    case S_IFBLK:
      return FileType::kBlockDevice;
    case S_IFCHR:
      return FileType::kCharacterDevice;
    default:
      return FileType::kRegular;
  }
}

FileStatus status_of(const struct statx& found) {
  constexpr std::int64_t kBlockBytes = 512;
  FileStatus status;
  status.type = type_of(found.stx_mode);
  status.size_bytes = static_cast<std::int64_t>(found.stx_size);
  status.allocated_bytes = static_cast<std::int64_t>(found.stx_blocks) * kBlockBytes;
  status.mode = found.stx_mode & 07777U;
  status.uid = found.stx_uid;
  status.gid = found.stx_gid;
  status.access_ns = to_ns(found.stx_atime);
  status.modify_ns = to_ns(found.stx_mtime);
  status.change_ns = to_ns(found.stx_ctime);
  if ((found.stx_mask & STATX_BTIME) != 0) status.birth_ns = to_ns(found.stx_btime);
  status.links = found.stx_nlink;
  status.inode = found.stx_ino;
  status.file_system = {found.stx_dev_major, found.stx_dev_minor};
  if (status.type == FileType::kBlockDevice || status.type == FileType::kCharacterDevice) {
    status.device = DeviceNumber{found.stx_rdev_major, found.stx_rdev_minor};
  }
  return status;
}

/// `name` in `folder`, or with an empty name `folder` itself.
Result<FileStatus> look_at(int folder, const char* name) {
  struct statx found {};
  constexpr int kHow = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH;
  if (::statx(folder, name, kHow, STATX_BASIC_STATS | STATX_BTIME, &found) < 0) {
    return Error::from_errno("cannot look at it", errno);
  }
  FileStatus status = status_of(found);
  if (status.type != FileType::kSymlink) return status;
  std::array<char, PATH_MAX> target;
  const ssize_t length = ::readlinkat(folder, name, target.data(), target.size());
  if (length < 0) return Error::from_errno("cannot read the link", errno);
  status.target.emplace(target.data(), static_cast<std::size_t>(length));
  return status;
}

/// lseek(2), or nothing where there is no more of what is looked for.
Result<std::optional<std::int64_t>> find_next(int fd, std::int64_t from, int what) {
  const off_t found = ::lseek(fd, from, what);
  if (found >= 0) return std::optional<std::int64_t>(found);
  if (errno == ENXIO) return std::optional<std::int64_t>();
  return Error::from_errno("cannot find its data", errno);
}

}  // namespace

Result<UniqueFd> hold_file(const Root& root, const std::string& path, bool follow) {
  return root.open(path, O_PATH | (follow ? 0 : O_NOFOLLOW));
}

Result<UniqueFd> reopen_file(int fd, int flags) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  UniqueFd opened(::open(path.c_str(), flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!opened.valid()) return Error::from_errno("cannot open it", errno);
  return opened;
}

Result<FileStatus> file_status(int fd) { return look_at(fd, ""); }

Result<FileStatus> file_status(int folder, const std::string& name) { return look_at(folder, name.c_str()); }

Result<DataExtents> data_extents(int fd, std::int64_t from, std::size_t most) {
  DataExtents extents;
  for (std::int64_t at = from;;) {
    const auto begin = find_next(fd, at, SEEK_DATA);
    if (!begin) return begin.error();
    if (!*begin) return extents;
    if (extents.pieces.size() == most) {
      extents.next = *begin;
      return extents;
    }
    // Every file ends in a hole, so there is none only if the file has just been cut off.
    const auto end = find_next(fd, **begin, SEEK_HOLE);
    if (!end) return end.error();
    if (!*end || **end <= **begin) return extents;
    extents.pieces.push_back({**begin, **end - **begin});
    at = **end;
  }
}

}  // namespace guestd::platform
