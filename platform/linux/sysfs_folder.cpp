// SPDX-License-Identifier: Apache-2.0
#include "platform/linux/sysfs_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
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

Result<std::string> SysfsFolder::read(const std::string& name) const {
  const UniqueFd file(::openat(folder_.get(), name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file.valid()) return Error::from_errno("cannot open", errno);
  std::array<char, 255> text;
  for (;;) {
    const ssize_t count = ::read(file.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::from_errno("cannot read", errno);
    const std::string_view got(text.data(), static_cast<std::size_t>(count));
    return std::string(got.substr(0, got.find('\n')));
  }
}

bool SysfsFolder::has(const std::string& name) const {
  // AT_EACCESS: the kernel need not set up the credentials of the real user first.
  return ::faccessat(folder_.get(), name.c_str(), F_OK, AT_EACCESS) == 0;
}

}  // namespace guestd::platform
