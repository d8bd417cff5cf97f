// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace guestd::platform {

/// A file that a program appends its output to, so that the output outlives whoever reads it. An offset in the file is
/// one in the output: what is too old is cut out of the file as a hole, which takes no room. One thread at a time.
class SpoolFile {
 public:
  /// A new file (mode 0600).
  static Result<SpoolFile> create(const std::string& path, std::uint64_t limit_bytes);
  /// One that an earlier agent has made; not trusted unless it belongs to this user alone.
  static Result<SpoolFile> open(const std::string& path, std::uint64_t limit_bytes);

  /// For the program: a descriptor that appends.
  [[nodiscard]] Result<UniqueFd> open_for_program() const;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::uint64_t begin() const { return begin_; }
  [[nodiscard]] std::uint64_t end() const;
  [[nodiscard]] Result<std::string> read(std::uint64_t offset, std::size_t most) const;
  /// Cuts out what is more than the limit. Done in large steps.
  void trim();

 private:
  SpoolFile(std::string path, UniqueFd fd, std::uint64_t limit)
      : path_(std::move(path)), fd_(std::move(fd)), limit_(limit) {}

  std::string path_;
  UniqueFd fd_;
  std::uint64_t limit_;
  std::uint64_t begin_ = 0;
};

/// Takes the name of a spool file away; whoever has it open keeps it.
void remove_spool(const std::string& path);
/// Removes all files of a folder of spools but those that are kept.
void remove_other_spools(const std::string& folder, const std::vector<std::string>& kept);

/// Tells which files were written to.
class FileWatch {
 public:
  static Result<FileWatch> create();
  [[nodiscard]] int fd() const { return inotify_.get(); }  ///< readable when there is news
  /// The number under which news of this file come.
  Result<int> add(const std::string& path) const;
  void remove(int number) const;
  /// All news since the last time; does not wait.
  [[nodiscard]] std::vector<int> take() const;

 private:
  explicit FileWatch(UniqueFd inotify) : inotify_(std::move(inotify)) {}
  UniqueFd inotify_;
};

}  // namespace guestd::platform
