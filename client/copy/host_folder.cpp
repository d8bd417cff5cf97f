// SPDX-License-Identifier: Apache-2.0
#include "client/copy/host_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace guestd::copy {
namespace {

Error not_plain(std::string_view name) {
  return Error{"the guest tells of a file with the name '" + std::string(name) + "', which cannot be; it is left out"};
}

std::string link_target(int folder, const std::string& name) {
  std::string target(4096, '\0');
  const ssize_t size = ::readlinkat(folder, name.c_str(), target.data(), target.size());
  target.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return target;
}

}  // namespace

bool is_plain_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

Result<HostFolder> HostFolder::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return Error::from_errno("cannot open the folder " + path, errno);
  return HostFolder(std::move(fd), path);
}

Result<HostFolder> HostFolder::enter(std::string_view name) const {
  if (!is_plain_name(name)) return not_plain(name);
  const std::string plain(name);
  if (::mkdirat(fd_.get(), plain.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error::from_errno("cannot make the folder " + path_of(name), errno);
  }
  UniqueFd inside(::openat(fd_.get(), plain.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!inside.valid() && (errno == ELOOP || errno == ENOTDIR)) {
    return Error{path_of(name) + " is there already, and no folder; links are not followed"};
  }
  if (!inside.valid()) return Error::from_errno("cannot open the folder " + path_of(name), errno);
  return HostFolder(std::move(inside), path_of(name));
}

Result<UniqueFd> HostFolder::open_file(std::string_view name) const {
  if (!is_plain_name(name)) return not_plain(name);
  const std::string plain(name);
  // Not blocking: a pipe that waits under this name would be waited for.
  UniqueFd file(
      ::openat(fd_.get(), plain.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600));
  if (!file.valid() && errno == ELOOP) return Error{path_of(name) + " is a symbolic link, which is not followed"};
  if (!file.valid()) return Error::from_errno("cannot write " + path_of(name), errno);
  struct stat state {};
  if (::fstat(file.get(), &state) != 0) return Error::from_errno("cannot write " + path_of(name), errno);
  if (!S_ISREG(state.st_mode)) return Error{path_of(name) + " is there already, and no regular file"};
  return file;
}

Result<void> HostFolder::make_link(std::string_view name, const std::string& target) const {
  if (!is_plain_name(name)) return not_plain(name);
  const std::string plain(name);
  if (target.empty() || target.find('\0') != std::string::npos) return Error{path_of(name) + ": a link to nowhere"};
  if (::symlinkat(target.c_str(), fd_.get(), plain.c_str()) == 0) return {};
  if (errno != EEXIST) return Error::from_errno("cannot make the link " + path_of(name), errno);
  const std::string present = link_target(fd_.get(), plain);
  if (present == target) return {};
  if (present.empty()) return Error{path_of(name) + " is there already, and no link"};
  if (::unlinkat(fd_.get(), plain.c_str(), 0) != 0 || ::symlinkat(target.c_str(), fd_.get(), plain.c_str()) != 0) {
    return Error::from_errno("cannot replace the link " + path_of(name), errno);
  }
  return {};
}

Result<void> HostFolder::make_hard_link(std::string_view name, const HostFolder& from, std::string_view source) const {
  if (!is_plain_name(name)) return not_plain(name);
  if (!is_plain_name(source)) return not_plain(source);
  const std::string plain(name);
  const std::string other(source);
  const auto link = [&] { return ::linkat(from.fd(), other.c_str(), fd(), plain.c_str(), 0) == 0; };
  if (link()) return {};
  struct stat present {};
  struct stat wanted {};
  const bool replaces = errno == EEXIST && ::fstatat(fd(), plain.c_str(), &present, AT_SYMLINK_NOFOLLOW) == 0 &&
                        ::fstatat(from.fd(), other.c_str(), &wanted, AT_SYMLINK_NOFOLLOW) == 0;
  if (replaces && present.st_dev == wanted.st_dev && present.st_ino == wanted.st_ino) return {};
  if (replaces && ::unlinkat(fd(), plain.c_str(), 0) == 0 && link()) return {};
  return Error::from_errno("cannot make the link " + path_of(name), errno);
}

}  // namespace guestd::copy
