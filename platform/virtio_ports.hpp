// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// The device file of the virtio port that the host calls `name`, from /sys/class/virtio-ports/*/name: it is there
/// before udev has made a link, and where there is no udev. Empty if there is no such port.
/// Source: Linux, drivers/char/virtio_console.c.
Result<std::string> find_virtio_port(const Root& root, std::string_view name);

/// Tells when a virtio port has come or changed. Listens to the kernel's own events, which need no udev daemon.
class VirtioPortEvents {
 public:
  virtual ~VirtioPortEvents() = default;
  /// Readable when there is something to drain().
  [[nodiscard]] virtual int fd() const = 0;
  /// Takes all events; true if one was about a virtio port.
  virtual bool drain() = 0;
};

/// Unsupported where guestd was built without libudev, where libudev is not installed, or where the kernel gives no
/// events (containers).
Result<std::unique_ptr<VirtioPortEvents>> watch_virtio_ports();

}  // namespace guestd::platform
