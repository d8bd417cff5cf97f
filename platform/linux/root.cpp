// SPDX-License-Identifier: Apache-2.0
#include "platform/root.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <memory>

namespace guestd::platform {

namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

int open_below(int folder, const char* path, int flags, mode_t mode, unsigned resolve = RESOLVE_IN_ROOT) {
  open_how how{};
  how.flags = static_cast<__u64>(flags);
  // openat2 refuses a mode that nothing would use.
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = resolve;
  // EAGAIN: a rename elsewhere on the machine raced with the resolution, which says nothing about the file.
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (fd >= 0 || errno != EAGAIN || attempt == 16) return static_cast<int>(fd);
  }
}

// The name of an open file. The kernel's own answer, so no link can lie in it.
Result<std::string> name_of(int fd) {
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  std::array<char, PATH_MAX> name;
  const ssize_t length = ::readlink(link.c_str(), name.data(), name.size());
  if (length < 0) return Error::from_errno("cannot read " + link, errno);
  if (static_cast<std::size_t>(length) == name.size()) return Error::from_errno("cannot read " + link, ENAMETOOLONG);
  return std::string(name.data(), static_cast<std::size_t>(length));
}

bool is_same_file(int one, int other) {
  struct stat first {};
  struct stat second {};
  return ::fstat(one, &first) == 0 && ::fstat(other, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

}  // namespace

Result<Root> Root::at(const std::string& folder) {
  UniqueFd fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return Error::from_errno("cannot open " + folder, errno);
  return Root(std::move(fd));
}

Root Root::copy() const {
  if (is_system()) return system();
  UniqueFd folder(::fcntl(folder_.get(), F_DUPFD_CLOEXEC, 0));
  // Without a descriptor to spare: a root below which nothing is found, and never the machine itself.
  return Root(folder.valid() ? std::move(folder) : UniqueFd(::open("/proc/self/fdinfo", O_PATH | O_CLOEXEC)));
}

Result<UniqueFd> Root::open(const std::string& path, int flags, mode_t mode) const {
  const std::string what = "cannot open " + path;
  if (path.find('\0') != std::string::npos) return Error::from_errno(what, EINVAL);
  for (;;) {
    UniqueFd fd(is_system() ? ::open(path.c_str(), flags | O_CLOEXEC, mode)
                            : open_below(folder_.get(), path.c_str(), flags | O_CLOEXEC, mode));
    if (fd.valid()) return fd;
    if (errno != EINTR) return Error::from_errno(what, errno);
  }
}

Result<UniqueFd> Root::resolve(const std::string& path, LastLink last) const {
  const std::string what = "cannot open " + path;
  if (path.find('\0') != std::string::npos) return Error::from_errno(what, EINVAL);
  const int folder = is_system() ? AT_FDCWD : folder_.get();
  const unsigned how = RESOLVE_NO_MAGICLINKS | (is_system() ? 0U : unsigned{RESOLVE_IN_ROOT});
  const int flags = O_PATH | O_CLOEXEC | (last == LastLink::kHeld ? O_NOFOLLOW : 0);
  UniqueFd fd(open_below(folder, path.c_str(), flags, 0, how));
  // A kernel before 5.6: path_of() tells the truth about what is opened there too.
  if (!fd.valid() && errno == ENOSYS && is_system()) fd.reset(::open(path.c_str(), flags));
  if (!fd.valid()) return Error::from_errno(what, errno);
  return fd;
}

Result<std::string> Root::without_prefix(std::string path) const {
  if (is_system()) return path;
  auto prefix = name_of(folder_.get());
  if (!prefix) return prefix;
  if (path == *prefix) return std::string("/");
  if (!path.starts_with(*prefix + "/")) return Error::from_errno("the file lies outside", ENOENT);
  return path.substr(prefix->size());
}

Result<std::string> Root::path_of(int fd) const {
  auto name = name_of(fd);
  if (!name) return name;
  auto path = without_prefix(*std::move(name));
  if (!path) return path;
  // A deleted file, a pipe, or a file of another mount name space has a name too, but nothing of this name is it.
  const Error nowhere = Error::from_errno("the file has no path", ENOENT);
  if (!path->starts_with('/')) return nowhere;
  // There is no link in it but perhaps the file itself.
  const auto found = resolve(*path, LastLink::kHeld);
  if (!found || !is_same_file(fd, found->get())) return nowhere;
  return path;
}

Result<std::string> Root::read_file(const std::string& path, std::size_t limit_bytes) const {
  auto fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd) return std::move(fd).error();
  std::string content;
  std::array<char, 4096> piece;
  for (;;) {
    const ssize_t count = ::read(fd->get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::from_errno("cannot read " + path, errno);
    if (count == 0) return content;
    content.append(piece.data(), static_cast<std::size_t>(count));
    if (content.size() > limit_bytes) return Error::from_errno("cannot read " + path, EFBIG);
  }
}

Result<std::vector<std::string>> Root::list(const std::string& path) const {
  auto folder = open(path, O_RDONLY | O_DIRECTORY);
  if (!folder) return std::move(folder).error();
  const std::unique_ptr<DIR, CloseFolder> entries(::fdopendir(folder->get()));
  if (!entries) return Error::from_errno("cannot list " + path, errno);
  (void)folder->release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(entries.get());
    if (entry == nullptr) break;
    const std::string_view name(static_cast<const char*>(entry->d_name));
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return Error::from_errno("cannot list " + path, errno);
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> Root::read_link(const std::string& path) const {
  std::array<char, PATH_MAX> target;
  ssize_t length = -1;
  if (is_system()) {
    if (path.find('\0') != std::string::npos) return Error::from_errno("cannot read " + path, EINVAL);
    length = ::readlink(path.c_str(), target.data(), target.size());
  } else {
    auto link = open(path, O_PATH | O_NOFOLLOW);
    if (!link) return std::move(link).error();
    length = ::readlinkat(link->get(), "", target.data(), target.size());
    if (length < 0 && errno == ENOENT) errno = EINVAL;  // not a link, which has no name here (readlink(2))
  }
  if (length < 0) return Error::from_errno("cannot read " + path, errno);
  return std::string(target.data(), static_cast<std::size_t>(length));
}

}  // namespace guestd::platform
