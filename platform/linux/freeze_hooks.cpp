// SPDX-License-Identifier: Apache-2.0
#include "platform/freeze_hooks.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/unique_fd.hpp"

namespace guestd::platform {

namespace {

constexpr std::size_t kMostHooks = 256;

bool is_left_over(std::string_view name) {
  constexpr std::array<std::string_view, 8> kEndings = {"~",        ".bak",     ".orig",   ".rpmnew",
                                                        ".rpmorig", ".rpmsave", ".sample", ".swp"};
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return name.ends_with(ending); }) ||
         name.find(".dpkg-") != std::string_view::npos;
}

// Why root must not trust it, or nothing.
std::string distrust(const struct stat& status) {
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    return "it belongs to user id " + std::to_string(status.st_uid) + ", not to root";
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return "others than its owner can write it (chmod go-w corrects that)";
  }
  return "";
}

Error refusal(const std::string& path, const std::string& why) {
  return Error{"freeze hook " + path + " is not run: " + why};
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

bool is_executable_file(int folder, const char* name) {
  struct stat status {};
  return ::fstatat(folder, name, &status, 0) == 0 && S_ISREG(status.st_mode) &&
         (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
}

Result<std::vector<std::string>> executables_in(const Root& root, const std::string& path) {
  auto fd = root.open(path, O_RDONLY | O_DIRECTORY);
  if (!fd && fd.error().errno_value == ENOENT) return std::vector<std::string>();
  if (!fd) return std::move(fd).error();
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0) return Error::from_errno("cannot read " + path, errno);
  if (const std::string why = distrust(status); !why.empty()) {
    return Error{"the freeze hooks in " + path + " are not run: " + why};
  }
  const std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(fd->get()));
  if (!folder) return Error::from_errno("cannot read " + path, errno);
  (void)fd->release();
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name.starts_with('.') || is_left_over(name) || !is_executable_file(::dirfd(folder.get()), entry->d_name)) {
      continue;
    }
    names.push_back(path + "/" + name);
  }
  if (names.size() > kMostHooks) return Error{"there are more than 256 freeze hooks in " + path};
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Result<std::vector<std::string>> freeze_hooks(const Root& root, const std::optional<std::string>& script,
                                              const std::string& folder) {
  std::vector<std::string> hooks;
  if (script && *script != kNoFreezeHook) hooks.push_back(*script);
  if (!folder.empty()) {
    auto found = executables_in(root, folder);
    if (!found) return std::move(found).error();
    std::ranges::copy(*found, std::back_inserter(hooks));
  }
  for (const std::string& hook : hooks) {
    if (auto checked = check_hook(root, hook); !checked) return std::move(checked).error();
  }
  return hooks;
}

Result<void> check_hook(const Root& root, const std::string& path) {
  const auto fd = root.open(path, O_PATH);
  struct stat status {};
  const int error = !fd ? fd.error().errno_value : ::fstat(fd->get(), &status) != 0 ? errno : 0;
  if (error != 0) return Error::from_errno("freeze hook " + path + " cannot be run", error);
  if (!S_ISREG(status.st_mode)) return refusal(path, "it is not a regular file");
  if (const std::string why = distrust(status); !why.empty()) return refusal(path, why);
  if ((status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0) return refusal(path, "it is not executable");
  return {};
}

}  // namespace guestd::platform
