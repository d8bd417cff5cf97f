// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace guestd::copy {

/// Gets what is in a folder of the host. `path` is relative to that folder and empty for itself; `source` is for
/// messages.
class TreeVisitor {
 public:
  virtual ~TreeVisitor() = default;
  virtual Result<void> begin_folder(const std::string& path, const std::string& source, const struct stat& state) = 0;
  /// After all that is in it.
  virtual Result<void> end_folder(const std::string& path, const struct stat& state) = 0;
  /// Open for reading.
  virtual Result<void> file(int fd, const std::string& path, const std::string& source) = 0;
  virtual Result<void> link(const std::string& target, const std::string& path, const std::string& source,
                            const struct stat& state) = 0;
};

/// Walks through a folder of the host, following no links in it. Pipes, sockets and devices are left out.
/// `pass_over` hears of what could not be visited, and says whether to go on with the rest.
class HostTree {
 public:
  using PassOver = std::function<bool(const Error& error)>;
  HostTree(TreeVisitor& visitor, PassOver pass_over) : visitor_(visitor), pass_over_(std::move(pass_over)) {}

  /// `source` itself may be a link.
  Result<void> walk(const std::string& source);

 private:
  Result<void> walk_folder(UniqueFd folder, const std::string& source, const std::string& path, int depth);
  Result<void> visit(int folder, const std::string& name, const std::string& source, const std::string& path,
                     int depth);
  Result<void> visit_link(int folder, const std::string& name, const std::string& source, const std::string& path,
                          const struct stat& state);

  TreeVisitor& visitor_;
  PassOver pass_over_;
};

/// A regular file, or an error that calls it `shown`. `folder` as for openat(2), `flags` besides those for reading.
Result<UniqueFd> open_regular(int folder, const std::string& name, const std::string& shown, int flags);

/// Bytes in the files of a folder, for the progress.
std::int64_t size_of_folder(const std::string& source);

}  // namespace guestd::copy
