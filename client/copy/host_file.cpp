// SPDX-License-Identifier: Apache-2.0
#include "client/copy/host_file.hpp"

#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

namespace guestd::copy {
namespace {

/// What has more pieces is copied with the holes behind them.
constexpr std::size_t kExtents = std::size_t{1} << 20U;
constexpr std::int64_t kNanoseconds = 1'000'000'000;

timespec time_of(std::int64_t nanoseconds) {
  std::int64_t seconds = nanoseconds / kNanoseconds;
  std::int64_t rest = nanoseconds % kNanoseconds;
  if (rest < 0) {
    rest += kNanoseconds;
    --seconds;
  }
  return {seconds, static_cast<long>(rest)};
}

uid_t owner_of(const agent::GuestdFileStatus& status) {
  const passwd* const known = status.user ? ::getpwnam(status.user->c_str()) : nullptr;
  return known != nullptr ? known->pw_uid : status.uid;
}

gid_t group_of(const agent::GuestdFileStatus& status) {
  const group* const known = status.group ? ::getgrnam(status.group->c_str()) : nullptr;
  return known != nullptr ? known->gr_gid : status.gid;
}

}  // namespace

Result<void> write_all(int fd, std::span<const char> bytes, std::optional<std::int64_t> offset) {
  while (!bytes.empty()) {
    const ssize_t written =
        offset ? ::pwrite(fd, bytes.data(), bytes.size(), *offset) : ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      pollfd entry{fd, POLLOUT, 0};
      ::poll(&entry, 1, -1);
      continue;
    }
    if (written < 0) return Error::from_errno("cannot write", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    if (offset) *offset += written;
  }
  return {};
}

std::vector<tar::Extent> data_of(int fd, std::int64_t size) {
  std::vector<tar::Extent> extents;
  std::int64_t at = 0;
  while (at < size) {
    off_t data = ::lseek(fd, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;
    if (data < 0) data = at;  // a file system that knows no holes
    off_t end = ::lseek(fd, data, SEEK_HOLE);
    if (end < 0 || extents.size() + 1 == kExtents) end = size;
    end = std::min<off_t>(end, size);
    if (data >= end) break;
    extents.push_back({data, end - data});
    at = end;
  }
  return extents;
}

OwnerNames names_of_owners(const struct stat& state) {
  OwnerNames names;
  if (const passwd* const user = ::getpwuid(state.st_uid)) names.user = user->pw_name;
  if (const group* const group = ::getgrgid(state.st_gid)) names.group = group->gr_name;
  return names;
}

Result<void> set_attributes(int fd, const agent::GuestdFileStatus& status, const std::string& path,
                            const Settings& settings) {
  // Owners first: changing them takes bits of the mode away. Only root may.
  if (settings.owners && ::geteuid() == 0 && ::fchown(fd, owner_of(status), group_of(status)) != 0) {
    return Error::from_errno("cannot set the owner of " + path, errno);
  }
  if (::fchmod(fd, static_cast<mode_t>(status.mode) & 0777U) != 0) {
    return Error::from_errno("cannot set the mode of " + path, errno);
  }
  const std::array<timespec, 2> times{time_of(status.access_time), time_of(status.modify_time)};
  if (::futimens(fd, times.data()) != 0) return Error::from_errno("cannot set the times of " + path, errno);
  return {};
}

}  // namespace guestd::copy
