// SPDX-License-Identifier: Apache-2.0
#include "client/copy/host_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "client/copy/settings.hpp"

namespace guestd::copy {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

std::string below(const std::string& path, const std::string& name) { return path.empty() ? name : path + "/" + name; }

}  // namespace

Result<void> HostTree::walk(const std::string& source) {
  UniqueFd folder(::open(source.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return Error::from_errno("cannot read " + source, errno);
  return walk_folder(std::move(folder), source, "", 0);
}

Result<void> HostTree::walk_folder(UniqueFd folder, const std::string& source, const std::string& path, int depth) {
  if (depth > kDeepest) return Error{source + ": there are too many folders in folders"};
  struct stat state {};
  if (::fstat(folder.get(), &state) != 0) return Error::from_errno("cannot read " + source, errno);
  if (auto begun = visitor_.begin_folder(path, source, state); !begun) return begun;
  const Folder open(::fdopendir(folder.get()));
  if (!open) return Error::from_errno("cannot read " + source, errno);
  const int fd = folder.release();
  while (const dirent* const entry = ::readdir(open.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    auto visited = visit(fd, name, source + "/" + name, below(path, name), depth);
    if (!visited && !pass_over_(visited.error())) return visited;
  }
  return visitor_.end_folder(path, state);
}

Result<void> HostTree::visit(int folder, const std::string& name, const std::string& source, const std::string& path,
                             int depth) {
  struct stat state {};
  if (::fstatat(folder, name.c_str(), &state, AT_SYMLINK_NOFOLLOW) != 0) {
    return Error::from_errno("cannot read " + source, errno);
  }
  if (S_ISLNK(state.st_mode)) return visit_link(folder, name, source, path, state);
  if (S_ISDIR(state.st_mode)) {
    UniqueFd inside(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inside.valid()) return Error::from_errno("cannot read " + source, errno);
    return walk_folder(std::move(inside), source, path, depth + 1);
  }
  if (!S_ISREG(state.st_mode)) return Error{source + " is a pipe, socket or device; it is left out"};
  auto file = open_regular(folder, name, source, O_NOFOLLOW);
  if (!file) return std::move(file).error();
  return visitor_.file(file->get(), path, source);
}

Result<void> HostTree::visit_link(int folder, const std::string& name, const std::string& source,
                                  const std::string& path, const struct stat& state) {
  std::string target(4096, '\0');
  const ssize_t size = ::readlinkat(folder, name.c_str(), target.data(), target.size());
  if (size < 0) return Error::from_errno("cannot read " + source, errno);
  target.resize(static_cast<std::size_t>(size));
  return visitor_.link(target, path, source, state);
}

Result<UniqueFd> open_regular(int folder, const std::string& name, const std::string& shown, int flags) {
  UniqueFd file(::openat(folder, name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags));
  if (!file.valid()) return Error::from_errno("cannot read " + shown, errno);
  struct stat state {};
  if (::fstat(file.get(), &state) != 0) return Error::from_errno("cannot read " + shown, errno);
  if (!S_ISREG(state.st_mode)) return Error{shown + " is no regular file"};
  return file;
}

std::int64_t size_of_folder(const std::string& source) {
  std::int64_t bytes = 0;
  std::error_code failure;
  for (auto entry = std::filesystem::recursive_directory_iterator(source, failure); !failure && entry != end(entry);
       entry.increment(failure)) {
    std::error_code unreadable;
    if (!entry->is_regular_file(unreadable) || entry->is_symlink(unreadable)) continue;
    const auto size = entry->file_size(unreadable);
    if (!unreadable) bytes += static_cast<std::int64_t>(size);
  }
  return bytes;
}

}  // namespace guestd::copy
