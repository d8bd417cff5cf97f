// SPDX-License-Identifier: Apache-2.0
#include <libudev.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "platform/virtio_ports.hpp"

namespace guestd::platform {
namespace {

struct Unref {
  void operator()(udev* context) const { ::udev_unref(context); }
  void operator()(udev_monitor* monitor) const { ::udev_monitor_unref(monitor); }
  void operator()(udev_device* device) const { ::udev_device_unref(device); }
};

template <typename T>
using Handle = std::unique_ptr<T, Unref>;

class UdevEvents final : public VirtioPortEvents {
 public:
  UdevEvents(Handle<udev> context, Handle<udev_monitor> monitor)
      : context_(std::move(context)), monitor_(std::move(monitor)) {}

  [[nodiscard]] int fd() const override { return ::udev_monitor_get_fd(monitor_.get()); }

  bool drain() override {
    bool any = false;
    while (Handle<udev_device> device{::udev_monitor_receive_device(monitor_.get())}) any = true;
    return any;
  }

 private:
  Handle<udev> context_;
  Handle<udev_monitor> monitor_;
};

}  // namespace

// The source "kernel" rather than "udev": the port's name is in sysfs and its node in devtmpfs when the kernel tells of
// it, and no daemon has to run. A port gets its name a little after its node; that comes as a "change" event.
Result<std::unique_ptr<VirtioPortEvents>> watch_virtio_ports() {
  Handle<udev> context{::udev_new()};
  if (!context) return Error::from_errno("cannot use libudev", errno);
  Handle<udev_monitor> monitor{::udev_monitor_new_from_netlink(context.get(), "kernel")};
  if (!monitor) return Error::from_errno("cannot listen to the kernel's device events", errno);
  int failed = ::udev_monitor_filter_add_match_subsystem_devtype(monitor.get(), "virtio-ports", nullptr);
  if (failed >= 0) failed = ::udev_monitor_enable_receiving(monitor.get());
  if (failed < 0) return Error::from_errno("cannot listen to the kernel's device events", -failed);
  return std::unique_ptr<VirtioPortEvents>(std::make_unique<UdevEvents>(std::move(context), std::move(monitor)));
}

}  // namespace guestd::platform
