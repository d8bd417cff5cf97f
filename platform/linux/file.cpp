// SPDX-License-Identifier: Apache-2.0
#include "platform/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace guestd::platform {

namespace {

constexpr mode_t kNewFileMode = 0666;

int open_flags(const FileAccess& access) {
  int flags = access.read && access.write ? O_RDWR : access.write ? O_WRONLY : O_RDONLY;
  if (access.create) flags |= O_CREAT;
  if (access.truncate) flags |= O_TRUNC;
  if (access.append) flags |= O_APPEND;
  // O_NONBLOCK also keeps open(2) from waiting for the other end of a FIFO or for a modem.
  return flags | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
}

int whence(SeekFrom from) {
  switch (from) {
    case SeekFrom::kStart:
      return SEEK_SET;
    case SeekFrom::kCurrent:
      return SEEK_CUR;
    case SeekFrom::kEnd:
      break;
  }
  return SEEK_END;
}

bool is_regular(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

Result<File> File::open(const Root& root, const std::string& path, const FileAccess& access, const PathCheck& check) {
  const auto open_with = [&](int flags) {
    return check ? open_checked(root, path, flags, kNewFileMode, check) : root.open(path, flags, kNewFileMode);
  };
  const int flags = open_flags(access);
  if (!access.write) {
    // Without O_NOATIME even a read from the cache may wait for the journal, to note the time of access. Only the owner
    // of the file and root may do without that note.
    auto fd = open_with(flags | O_NOATIME);
    if (fd) {
      const bool regular = is_regular(fd->get());
      return File(*std::move(fd), regular);
    }
    if (fd.error().errno_value != EPERM) return std::move(fd).error();
  }
  auto fd = open_with(flags);
  if (!fd) return std::move(fd).error();
  return File(*std::move(fd), false);
}

Result<std::size_t> File::read(std::span<std::byte> piece) {
  for (;;) {
    const ssize_t count = ::read(fd_.get(), piece.data(), piece.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return Error::from_errno("cannot read", errno);
  }
}

Result<std::size_t> File::read_at_once(std::span<std::byte> piece) {
  if (at_once_) {
    const iovec into{piece.data(), piece.size()};
    constexpr off_t kAtThePosition = -1;
    const ssize_t count = ::preadv2(fd_.get(), &into, 1, kAtThePosition, RWF_NOWAIT);
    if (count >= 0) return static_cast<std::size_t>(count);
    // Network file systems and FUSE, among others, do not know (preadv2(2)); nor does a kernel before 4.14.
    if (errno == EOPNOTSUPP || errno == ENOSYS) at_once_ = false;
  }
  return Error::from_errno("cannot read at once", EAGAIN);
}

Result<std::size_t> File::write(std::span<const std::byte> bytes) {
  for (;;) {
    const ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return Error::from_errno("cannot write", errno);
  }
}

Result<std::int64_t> File::seek(std::int64_t offset, SeekFrom from) {
  const off_t position = ::lseek(fd_.get(), offset, whence(from));
  if (position < 0) return Error::from_errno("cannot seek", errno);
  return std::int64_t{position};
}

std::optional<std::size_t> File::bytes_left() const {
  struct stat status {};
  if (::fstat(fd_.get(), &status) < 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  const off_t position = ::lseek(fd_.get(), 0, SEEK_CUR);
  if (position < 0) return std::nullopt;
  return position < status.st_size ? static_cast<std::size_t>(status.st_size - position) : 0;
}

Result<UniqueFd> File::duplicate() const {
  UniqueFd copy(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return Error::from_errno("cannot duplicate the descriptor", errno);
  return copy;
}

Result<void> File::close() {
  // After EINTR the descriptor is gone on Linux: trying again might close somebody else's.
  if (::close(fd_.release()) < 0 && errno != EINTR) return Error::from_errno("cannot close", errno);
  return {};
}

}  // namespace guestd::platform
