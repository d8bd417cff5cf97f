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

}  // namespace

Result<void> replace_file(const std::string& path, std::string_view content) {
  std::string temporary = path + ".XXXXXX";
  return write_beside(path, temporary, content);
}

}  // namespace guestd::platform
