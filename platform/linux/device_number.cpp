// SPDX-License-Identifier: Apache-2.0
#include "platform/device_number.hpp"

#include <charconv>
#include <system_error>

namespace guestd::platform {

namespace {

/// Takes a number off the front of `text`.
bool take_number(std::string_view& text, unsigned& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

std::optional<DeviceNumber> parse_device_number(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  DeviceNumber number;
  if (!take_number(text, number.major) || !text.starts_with(':')) return std::nullopt;
  text.remove_prefix(1);
  if (!take_number(text, number.minor) || !text.empty()) return std::nullopt;
  return number;
}

std::string to_string(DeviceNumber number) { return std::to_string(number.major) + ":" + std::to_string(number.minor); }

}  // namespace guestd::platform
