// SPDX-License-Identifier: Apache-2.0
#include "platform/held_program.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace guestd::platform {
namespace {

std::string below(const std::string& folder, std::string path) {
  return path.starts_with('/') ? std::move(path) : folder + "/" + path;
}

Error failure(const ProcessStart& start, int code) {
  return execute_error(start.path, Error::from_errno("", code).text.substr(2), code);
}

/// A file that can be executed, or why it is none.
Result<UniqueFd> hold_executable(const Root& root, const std::string& path) {
  auto fd = root.resolve(path);
  if (!fd) return fd;
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0) return Error::from_errno(path, errno);
  const bool executable = S_ISREG(status.st_mode) && (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
  if (!executable) return Error::from_errno(path, EACCES);
  return fd;
}

/// As execvp(3): where one cannot be had the next one may be; what may not be run is told at the end.
Result<UniqueFd> hold_first(const Root& root, const ProcessStart& start) {
  int kept = ENOENT;
  for (std::string& candidate : program_candidates(start)) {
    auto fd = hold_executable(root, below(start.folder, std::move(candidate)));
    if (fd) return fd;
    const int code = fd.error().errno_value;
    if (code == EACCES) kept = EACCES;
    if (code != EACCES && code != ENOENT && code != ENOTDIR) return failure(start, code);
  }
  return failure(start, kept);
}

}  // namespace

Result<UniqueFd> hold_program(const Root& root, const ProcessStart& start, const PathCheck& check) {
  if (start.path.empty()) return failure(start, ENOENT);
  auto fd = hold_first(root, start);
  if (!fd) return fd;
  const auto truth = root.path_of(fd->get());
  if (!truth) return failure(start, truth.error().errno_value);
  if (auto allowed = check(*truth); !allowed) return std::move(allowed).error();
  return fd;
}

}  // namespace guestd::platform
