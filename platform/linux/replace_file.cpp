// SPDX-License-Identifier: Apache-2.0
#include "platform/replace_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/unique_fd.hpp"

namespace guestd::platform {

namespace {

Result<void> write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::from_errno("cannot write", errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  // Without this a power failure can leave an empty file under the final name.
  if (::fsync(fd) < 0) return Error::from_errno("cannot write", errno);
  return {};
}

Result<void> write_beside(const std::string& path, std::string& temporary, std::string_view content) {
  const UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return Error::from_errno("cannot create " + temporary, errno);
  auto done = write_all(fd.get(), content);
  if (done && ::rename(temporary.c_str(), path.c_str()) < 0) done = Error::from_errno("cannot replace " + path, errno);
  if (!done) ::unlink(temporary.c_str());
  return done;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

// Until then a power failure may bring the old file back. File systems that cannot do it (EINVAL) need no help.
Result<void> sync_folder_of(const std::string& path) {
  const std::string folder = folder_of(path);
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || (::fsync(fd.get()) < 0 && errno != EINVAL))
    return Error::from_errno("cannot sync " + folder, errno);
  return {};
}

}  // namespace

Result<void> replace_file(const std::string& path, std::string_view content) {
  std::string temporary = path + ".XXXXXX";
  auto written = write_beside(path, temporary, content);
  if (!written) return written;
  return sync_folder_of(path);
}

Result<void> can_replace_file(const std::string& path) {
  const std::string folder = folder_of(path);
  if (::access(folder.c_str(), W_OK | X_OK) < 0) return Error::from_errno("cannot write to " + folder, errno);
  return {};
}

}  // namespace guestd::platform
