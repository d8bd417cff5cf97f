// SPDX-License-Identifier: Apache-2.0
#include "platform/file_attributes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "platform/file_status.hpp"

namespace guestd::platform {

namespace {

// For system calls that take no descriptor made with O_PATH. It leads to the file itself, never past a link.
std::string path_of(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

mode_t type_bits(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

Result<void> set_size(int fd, std::int64_t size_bytes) {
  constexpr const char* kWhat = "cannot set the size";
  if (type_bits(fd) != S_IFREG) return Error{std::string(kWhat) + ": it is no regular file", EINVAL};
  const auto writable = reopen_file(fd, O_WRONLY);
  if (!writable) return Error::from_errno(kWhat, writable.error().errno_value);
  while (::ftruncate(writable->get(), size_bytes) < 0) {
    if (errno != EINTR) return Error::from_errno(kWhat, errno);
  }
  return {};
}

Result<void> set_owners(int fd, std::optional<uid_t> uid, std::optional<gid_t> gid) {
  constexpr auto kSame = static_cast<unsigned>(-1);
  if (::fchownat(fd, "", uid.value_or(kSame), gid.value_or(kSame), AT_EMPTY_PATH) == 0) return {};
  return Error::from_errno("cannot set the owner", errno);
}

Result<void> set_mode(int fd, mode_t mode) {
  constexpr const char* kWhat = "cannot set the mode";
  // Some kernels change the mode of a link and report an error all the same.
  if (type_bits(fd) == S_IFLNK) return Error{std::string(kWhat) + ": a symbolic link has none", EOPNOTSUPP};
  if (::chmod(path_of(fd).c_str(), mode) == 0) return {};
  return Error::from_errno(kWhat, errno);
}

timespec to_timespec(const std::optional<std::int64_t>& time_ns) {
  constexpr std::int64_t kSecondNs = 1'000'000'000;
  if (!time_ns) return {0, UTIME_OMIT};
  std::int64_t seconds = *time_ns / kSecondNs;
  std::int64_t rest_ns = *time_ns % kSecondNs;
  if (rest_ns < 0) {
    --seconds;
    rest_ns += kSecondNs;
  }
  return {static_cast<time_t>(seconds), static_cast<long>(rest_ns)};
}

Result<void> set_times(int fd, std::optional<std::int64_t> access_ns, std::optional<std::int64_t> modify_ns) {
  const std::array<timespec, 2> times{to_timespec(access_ns), to_timespec(modify_ns)};
  if (::utimensat(fd, "", times.data(), AT_EMPTY_PATH) == 0) return {};
  // Kernels before 5.8 do not know the flag.
  if (errno == EINVAL && ::utimensat(AT_FDCWD, path_of(fd).c_str(), times.data(), 0) == 0) return {};
  return Error::from_errno("cannot set the times", errno);
}

}  // namespace

Result<void> set_attributes(int fd, const FileAttributes& wanted) {
  if (wanted.size_bytes) {
    if (auto done = set_size(fd, *wanted.size_bytes); !done) return done;
  }
  if (wanted.uid || wanted.gid) {
    if (auto done = set_owners(fd, wanted.uid, wanted.gid); !done) return done;
  }
  if (wanted.mode) {
    if (auto done = set_mode(fd, *wanted.mode); !done) return done;
  }
  if (wanted.access_ns || wanted.modify_ns) return set_times(fd, wanted.access_ns, wanted.modify_ns);
  return {};
}

}  // namespace guestd::platform
