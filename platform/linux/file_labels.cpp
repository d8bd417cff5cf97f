// SPDX-License-Identifier: Apache-2.0
#include "platform/file_labels.hpp"

#include <dlfcn.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

namespace guestd::platform {

namespace {

constexpr const char* kLabelAttribute = "security.selinux";

/// The part of libselinux that is needed, as selabel_open(3) and selabel_lookup(3) document it. The library is there
/// wherever SELinux is.
class LabelLibrary {
 public:
  LabelLibrary() : library_(::dlopen("libselinux.so.1", RTLD_NOW | RTLD_LOCAL)) {
    if (library_ == nullptr) return;
    find("selabel_open", open_);
    find("selabel_lookup", lookup_);
    find("selabel_close", close_);
    find("freecon", free_);
  }
  LabelLibrary(const LabelLibrary&) = delete;
  LabelLibrary& operator=(const LabelLibrary&) = delete;
  ~LabelLibrary() {
    if (library_ != nullptr) ::dlclose(library_);
  }

  [[nodiscard]] std::optional<std::string> look_up(const std::string& path, mode_t mode) const {
    if (open_ == nullptr || lookup_ == nullptr || close_ == nullptr || free_ == nullptr) return std::nullopt;
    constexpr unsigned kFileLabels = 0;  // SELABEL_CTX_FILE
    void* const policy = open_(kFileLabels, nullptr, 0);
    if (policy == nullptr) return std::nullopt;
    char* label = nullptr;
    std::optional<std::string> found;
    if (lookup_(policy, &label, path.c_str(), static_cast<int>(mode)) == 0 && label != nullptr) {
      found = label;
      free_(label);
    }
    close_(policy);
    return found;
  }

 private:
  template <typename Function>
  void find(const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(::dlsym(library_, name));
  }

  void* library_;
  void* (*open_)(unsigned, const void*, unsigned) = nullptr;
  int (*lookup_)(void*, char**, const char*, int) = nullptr;
  void (*close_)(void*) = nullptr;
  void (*free_)(char*) = nullptr;
};

class SystemFileLabels final : public FileLabels {
 public:
  [[nodiscard]] std::optional<std::string> label_for(const std::string& path, mode_t mode) const override {
    // Asked each time: SELinux may be there only after the agent, and the policy changes.
    if (::access("/sys/fs/selinux/enforce", F_OK) != 0) return std::nullopt;
    return LabelLibrary().look_up(path, mode);
  }
};

std::string label_of(int fd) {
  std::array<char, 4096> label{};
  const ssize_t size = ::fgetxattr(fd, kLabelAttribute, label.data(), label.size() - 1);
  return size > 0 ? std::string(label.data()) : std::string();
}

}  // namespace

std::unique_ptr<const FileLabels> system_file_labels() { return std::make_unique<SystemFileLabels>(); }

std::string_view type_of_label(std::string_view label) {
  for (int part = 0; part < 2; ++part) {
    const std::size_t colon = label.find(':');
    if (colon == std::string_view::npos) return {};
    label.remove_prefix(colon + 1);
  }
  return label.substr(0, label.find(':'));
}

Result<void> set_label(int fd, const std::string& label) {
  // The user part differs by who made the file and matters to nobody; restorecon(8) leaves it alone, too.
  if (type_of_label(label_of(fd)) == type_of_label(label)) return {};
  if (::fsetxattr(fd, kLabelAttribute, label.c_str(), label.size() + 1, 0) == 0) return {};
  if (errno == ENOTSUP) return {};  // a file system without labels
  return Error::from_errno("cannot set the SELinux label " + label, errno);
}

}  // namespace guestd::platform
