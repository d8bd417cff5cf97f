// SPDX-License-Identifier: Apache-2.0
#include "platform/checked_open.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

namespace guestd::platform {
namespace {

constexpr int kAttempts = 16;  // against somebody who creates and removes the file all the time

Error failed(const std::string& path, int code) { return Error::from_errno("cannot open " + path, code); }

Error with_path(const Error& error, const std::string& path) { return failed(path, error.errno_value); }

// Opens the very file that the descriptor stands for. No path is walked, so nothing can be put in its place.
Result<UniqueFd> open_again(const UniqueFd& fd, int flags, const std::string& path) {
  const std::string link = "/proc/self/fd/" + std::to_string(fd.get());
  constexpr int kForNewFiles = O_CREAT | O_EXCL;
  for (;;) {
    UniqueFd opened(::open(link.c_str(), (flags & ~kForNewFiles) | O_CLOEXEC));
    if (opened.valid()) return opened;
    if (errno != EINTR) return failed(path, errno);
  }
}

Result<UniqueFd> open_existing(const Root& root, const UniqueFd& found, int flags, const PathCheck& check,
                               const std::string& path) {
  const auto truth = root.path_of(found.get());
  if (!truth) return with_path(truth.error(), path);
  if (auto allowed = check(*truth); !allowed) return std::move(allowed).error();
  return open_again(found, flags, path);
}

struct SplitPath {
  std::string folder;
  std::string name;
};

std::optional<SplitPath> split(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty() || name == "." || name == "..") return std::nullopt;
  if (slash == std::string::npos) return SplitPath{".", name};
  return SplitPath{slash == 0 ? "/" : path.substr(0, slash), name};
}

std::string below(const std::string& folder, const std::string& name) {
  return folder == "/" ? "/" + name : folder + "/" + name;
}

// If the folder was moved since it was checked, the new file lies where nobody has allowed it.
Result<void> check_place(const Root& root, const UniqueFd& folder, const UniqueFd& file, const std::string& name,
                         const std::string& expected) {
  const auto truth = root.path_of(file.get());
  if (truth && *truth == expected) return {};
  struct stat ours {};
  struct stat there {};
  const bool is_ours = ::fstat(file.get(), &ours) == 0 &&
                       ::fstatat(folder.get(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
                       ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
  if (is_ours) ::unlinkat(folder.get(), name.c_str(), 0);
  return Error::from_errno("it was moved while it was made", EAGAIN);
}

Result<UniqueFd> create(const Root& root, const std::string& path, int flags, mode_t mode, const PathCheck& check) {
  const auto parts = split(path);
  if (!parts) return failed(path, EISDIR);
  const auto folder = root.resolve(parts->folder);
  if (!folder) return with_path(folder.error(), path);
  const auto folder_path = root.path_of(folder->get());
  if (!folder_path) return with_path(folder_path.error(), path);
  const std::string target = below(*folder_path, parts->name);
  if (auto allowed = check(target); !allowed) return std::move(allowed).error();
  UniqueFd file(::openat(folder->get(), parts->name.c_str(), flags | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file.valid()) return failed(path, errno);
  if (auto placed = check_place(root, *folder, file, parts->name, target); !placed) {
    return with_path(placed.error(), path);
  }
  return file;
}

}  // namespace

Result<UniqueFd> open_checked(const Root& root, const std::string& path, int flags, mode_t mode,
                              const PathCheck& check) {
  for (int attempt = 1;; ++attempt) {
    const auto found = root.resolve(path);
    if (found) return open_existing(root, *found, flags, check, path);
    const int missing = found.error().errno_value;
    if (missing != ENOENT || (flags & O_CREAT) == 0) return with_path(found.error(), path);
    auto created = create(root, path, flags, mode, check);
    // Somebody else has made it at this moment, or it is a link to nothing.
    if (created || created.error().errno_value != EEXIST || attempt == kAttempts) return created;
  }
}

}  // namespace guestd::platform
