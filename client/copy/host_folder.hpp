// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace guestd::copy {

/// Whether a name that a guest tells of can be that of a file in a folder, and of nothing else: not empty, no slash, no
/// NUL, not `.` or `..`.
bool is_plain_name(std::string_view name);

/// A folder of the host into which files of a guest are put. Everything is done relative to it, by plain names, and no
/// symbolic link is followed: whatever a guest lists, and in whatever order, nothing outside is touched.
class HostFolder {
 public:
  /// The folder that the user has named; links on the way to it are the user's own and are followed.
  static Result<HostFolder> open(const std::string& path);
  /// Makes the folder `name` inside if it is not there (mode 0700 for now), and opens it. A link is an error.
  Result<HostFolder> enter(std::string_view name) const;

  /// Opens the regular file `name` for writing, made with mode 0600 if it is not there. Its content stays.
  Result<UniqueFd> open_file(std::string_view name) const;
  /// Makes a symbolic link, in the place of one that is there.
  Result<void> make_link(std::string_view name, const std::string& target) const;
  /// Makes `name` another name of the file or link `source` in the folder `from`, in the place of one that is there.
  Result<void> make_hard_link(std::string_view name, const HostFolder& from, std::string_view source) const;

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string path_of(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  HostFolder(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  UniqueFd fd_;
  std::string path_;  // for messages only
};

}  // namespace guestd::copy
