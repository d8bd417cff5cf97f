// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>

#include "platform/linux/label_lookup.hpp"

namespace guestd::platform {

namespace {

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

}  // namespace

std::optional<std::string> look_up_label(const std::string& path, mode_t mode) {
  return LabelLibrary().look_up(path, mode);
}

}  // namespace guestd::platform
