// SPDX-License-Identifier: Apache-2.0
#include "platform/linux/sysfs_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "platform/linux/fields.hpp"

namespace guestd::platform {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

Result<SysfsFolder> SysfsFolder::open(const Root& root, const std::string& path) {
  auto folder = root.open(path, O_RDONLY | O_DIRECTORY);
  if (!folder) return std::move(folder).error();
  return SysfsFolder(std::move(*folder));
}

Result<std::vector<std::uint64_t>> SysfsFolder::numbers(std::string_view prefix, std::string_view suffix) const {
  // A description of its own, because the position in a folder belongs to that.
  UniqueFd again(::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!again.valid()) return Error::from_errno("cannot list", errno);
  const std::unique_ptr<DIR, CloseFolder> entries(::fdopendir(again.get()));
  if (!entries) return Error::from_errno("cannot list", errno);
  (void)again.release();
  std::vector<std::uint64_t> found;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(entries.get());
    if (entry == nullptr) break;
    std::string_view name(static_cast<const char*>(entry->d_name));
    if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() < prefix.size() + suffix.size()) continue;
    name.remove_prefix(prefix.size());
    name.remove_suffix(suffix.size());
    std::uint64_t number = 0;
    if (parse_number(name, number)) found.push_back(number);
  }
  if (errno != 0) return Error::from_errno("cannot list", errno);
  std::sort(found.begin(), found.end());
  return found;
}

// By syscall(2), three for each of thousands of files: the functions of libc are points where a thread can be
// cancelled, which costs a twentieth of the whole command.
Result<std::string> SysfsFolder::read(const std::string& name) const {
  constexpr int kFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const long file = ::syscall(SYS_openat, folder_.get(), name.c_str(), kFlags);
  if (file < 0) return Error::from_errno("cannot open", errno);
  std::array<char, 255> text;
  long count = -1;
  do {
    count = ::syscall(SYS_read, file, text.data(), text.size());
  } while (count < 0 && errno == EINTR);
  const int code = errno;
  (void)::syscall(SYS_close, file);
  if (count < 0) return Error::from_errno("cannot read", code);
  const std::string_view got(text.data(), static_cast<std::size_t>(count));
  return std::string(got.substr(0, got.find('\n')));
}

bool SysfsFolder::has(const std::string& name) const {
  // AT_EACCESS: the kernel need not set up the credentials of the real user first.
  return ::faccessat(folder_.get(), name.c_str(), F_OK, AT_EACCESS) == 0;
}

}  // namespace guestd::platform
