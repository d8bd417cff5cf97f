// SPDX-License-Identifier: Apache-2.0
#include <libudev.h>
#include <sys/sysmacros.h>

#include <memory>
#include <mutex>
#include <string_view>

#include "platform/device_database.hpp"
#include "platform/linux/shared_library.hpp"

namespace guestd::platform {
namespace {

class Library {
 public:
  Library() {
    complete_ = file_.find(context_new, "udev_new") && file_.find(context_unref, "udev_unref") &&
                file_.find(device_new, "udev_device_new_from_devnum") &&
                file_.find(device_unref, "udev_device_unref") &&
                file_.find(property_value, "udev_device_get_property_value");
  }

  [[nodiscard]] bool complete() const { return complete_; }

  decltype(&udev_new) context_new = nullptr;
  decltype(&udev_unref) context_unref = nullptr;
  decltype(&udev_device_new_from_devnum) device_new = nullptr;
  decltype(&udev_device_unref) device_unref = nullptr;
  decltype(&udev_device_get_property_value) property_value = nullptr;

 private:
  SharedLibrary file_{"libudev.so.1"};
  bool complete_ = false;
};

class UdevDatabase final : public DeviceDatabase {
 public:
  [[nodiscard]] std::optional<std::string> property(DeviceNumber block_device, const char* name) const override {
    // A context of libudev belongs to one thread at a time. Making one costs a few hundred nanoseconds, so each
    // question has its own, and no more than one is asked at once.
    const std::lock_guard lock(mutex_);
    if (!library_) library_ = std::make_unique<const Library>();
    if (!library_->complete()) return std::nullopt;
    const std::unique_ptr<udev, decltype(library_->context_unref)> context(library_->context_new(),
                                                                           library_->context_unref);
    if (!context) return std::nullopt;
    const auto number = makedev(block_device.major, block_device.minor);
    const std::unique_ptr<udev_device, decltype(library_->device_unref)> device(
        library_->device_new(context.get(), 'b', number), library_->device_unref);
    const char* value = device ? library_->property_value(device.get(), name) : nullptr;
    if (value == nullptr || std::string_view(value).empty()) return std::nullopt;
    return value;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::unique_ptr<const Library> library_;
};

}  // namespace

std::unique_ptr<const DeviceDatabase> device_database() { return std::make_unique<const UdevDatabase>(); }

}  // namespace guestd::platform
