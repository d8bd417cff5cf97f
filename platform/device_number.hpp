// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace guestd::platform {

/// A block or character device as the kernel numbers it.
struct DeviceNumber {
  unsigned major = 0;
  unsigned minor = 0;

  auto operator<=>(const DeviceNumber&) const = default;
};

/// Reads `8:1`, as sysfs and mountinfo have it; a newline may follow. Nothing if it is not of that form.
std::optional<DeviceNumber> parse_device_number(std::string_view text);

std::string to_string(DeviceNumber number);

}  // namespace guestd::platform
