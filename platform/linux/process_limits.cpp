// SPDX-License-Identifier: Apache-2.0
#include "platform/process_limits.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

namespace guestd::platform {

Result<std::size_t> allow_open_files(std::size_t files) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return Error::from_errno("cannot read the limit of open files", errno);
  if (limit.rlim_cur >= files) return static_cast<std::size_t>(limit.rlim_cur);
  limit.rlim_cur = std::min<rlim_t>(files, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &limit) < 0) return Error::from_errno("cannot raise the limit of open files", errno);
  return static_cast<std::size_t>(limit.rlim_cur);
}

}  // namespace guestd::platform
