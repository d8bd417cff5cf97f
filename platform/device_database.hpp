// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "platform/device_number.hpp"

namespace guestd::platform {

/// What udev has found out about devices and sysfs does not tell. Thread-safe.
class DeviceDatabase {
 public:
  virtual ~DeviceDatabase() = default;
  /// A property of a block device such as `ID_SERIAL`; nothing where it is not known or empty, or where there is no
  /// udev.
  [[nodiscard]] virtual std::optional<std::string> property(DeviceNumber block_device, const char* name) const = 0;
};

/// The database of this machine, which knows nothing where guestd was built without libudev or libudev is not
/// installed. The library is loaded when it is first asked.
std::unique_ptr<const DeviceDatabase> device_database();

}  // namespace guestd::platform
