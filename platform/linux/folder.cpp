// SPDX-License-Identifier: Apache-2.0
#include "platform/folder.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace guestd::platform {

namespace {

constexpr std::size_t kMostNames = 10'000;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

Result<std::vector<std::string>> names_in(const Root& root, const std::string& folder) {
  auto fd = root.open(folder, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  if (!fd) return std::move(fd).error();
  const std::unique_ptr<DIR, CloseFolder> entries(::fdopendir(fd->get()));
  if (entries == nullptr) return Error::from_errno("cannot read " + folder, errno);
  (void)fd->release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(entries.get());
    if (entry == nullptr && errno != 0) return Error::from_errno("cannot read " + folder, errno);
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (names.size() == kMostNames) return Error::from_errno("cannot read " + folder, E2BIG);
    names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace guestd::platform
