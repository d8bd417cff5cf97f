// SPDX-License-Identifier: Apache-2.0
#include <libudev.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "platform/linux/shared_library.hpp"
#include "platform/virtio_ports.hpp"

namespace guestd::platform {
namespace {

/// libudev, opened when the first watch begins: an agent on another channel needs none of it, and a guest without
/// udev may lack the library.
class Library {
 public:
  static std::shared_ptr<const Library> load() {
    auto library = std::make_shared<Library>();
    const bool complete = library->find(library->context_new, "udev_new") &&
                          library->find(library->context_unref, "udev_unref") &&
                          library->find(library->device_unref, "udev_device_unref") &&
                          library->find(library->monitor_new, "udev_monitor_new_from_netlink") &&
                          library->find(library->monitor_unref, "udev_monitor_unref") &&
                          library->find(library->monitor_fd, "udev_monitor_get_fd") &&
                          library->find(library->monitor_receive, "udev_monitor_receive_device") &&
                          library->find(library->monitor_enable, "udev_monitor_enable_receiving") &&
                          library->find(library->monitor_filter, "udev_monitor_filter_add_match_subsystem_devtype");
    return complete ? library : nullptr;
  }

  decltype(&udev_new) context_new = nullptr;
  decltype(&udev_unref) context_unref = nullptr;
  decltype(&udev_device_unref) device_unref = nullptr;
  decltype(&udev_monitor_new_from_netlink) monitor_new = nullptr;
  decltype(&udev_monitor_unref) monitor_unref = nullptr;
  decltype(&udev_monitor_get_fd) monitor_fd = nullptr;
  decltype(&udev_monitor_receive_device) monitor_receive = nullptr;
  decltype(&udev_monitor_enable_receiving) monitor_enable = nullptr;
  decltype(&udev_monitor_filter_add_match_subsystem_devtype) monitor_filter = nullptr;

 private:
  template <typename Function>
  bool find(Function& function, const char* name) {
    return file_.find(function, name);
  }

  SharedLibrary file_{"libudev.so.1"};
};

/// An object of libudev; it keeps the library loaded.
template <typename T>
using Handle = std::shared_ptr<T>;

class UdevEvents final : public VirtioPortEvents {
 public:
  UdevEvents(std::shared_ptr<const Library> library, Handle<udev> context, Handle<udev_monitor> monitor)
      : library_(std::move(library)), context_(std::move(context)), monitor_(std::move(monitor)) {}

  [[nodiscard]] int fd() const override { return library_->monitor_fd(monitor_.get()); }

  bool drain() override {
    bool any = false;
    errno = 0;
    while (udev_device* device = library_->monitor_receive(monitor_.get())) {
      library_->device_unref(device);
      any = true;
      errno = 0;
    }
    // Events that were lost (ENOBUFS) may have been about a port.
    return any || (errno != 0 && errno != EAGAIN);
  }

 private:
  std::shared_ptr<const Library> library_;
  Handle<udev> context_;
  Handle<udev_monitor> monitor_;
};

}  // namespace

// The source "kernel" rather than "udev": the port's name is in sysfs and its node in devtmpfs when the kernel tells of
// it, and no daemon has to run. A port gets its name a little after its node; that comes as a "change" event.
Result<std::unique_ptr<VirtioPortEvents>> watch_virtio_ports() {
  const auto library = Library::load();
  if (!library) return Error::unsupported("libudev is not installed");
  const Handle<udev> context(library->context_new(), [library](udev* used) { library->context_unref(used); });
  if (!context) return Error::from_errno("cannot use libudev", errno);
  const Handle<udev_monitor> monitor(library->monitor_new(context.get(), "kernel"),
                                     [library](udev_monitor* used) { library->monitor_unref(used); });
  if (!monitor) return Error::from_errno("cannot listen to the kernel's device events", errno);
  int failed = library->monitor_filter(monitor.get(), "virtio-ports", nullptr);
  if (failed >= 0) failed = library->monitor_enable(monitor.get());
  if (failed < 0) return Error::from_errno("cannot listen to the kernel's device events", -failed);
  return std::unique_ptr<VirtioPortEvents>(std::make_unique<UdevEvents>(library, context, monitor));
}

}  // namespace guestd::platform
