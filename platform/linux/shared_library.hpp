// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dlfcn.h>

#include <memory>

namespace guestd::platform {

/// A library that is opened at run time, because the guest may lack it.
class SharedLibrary {
 public:
  explicit SharedLibrary(const char* name)
      : handle_(::dlopen(name, RTLD_NOW | RTLD_LOCAL), [](void* loaded) {
          if (loaded != nullptr) ::dlclose(loaded);
        }) {}

  [[nodiscard]] bool loaded() const { return handle_ != nullptr; }
  /// Whether the library has the function; without the library nothing is found.
  template <typename Function>
  bool find(Function& function, const char* name) const {
    if (loaded()) function = reinterpret_cast<Function>(::dlsym(handle_.get(), name));
    return function != nullptr;
  }

 private:
  std::shared_ptr<void> handle_;
};

}  // namespace guestd::platform
