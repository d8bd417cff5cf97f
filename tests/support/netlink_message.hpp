// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace guestd::support {

/// The bytes of a number or a structure of the kernel.
template <typename T>
std::string bytes_of(const T& value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

/// One netlink attribute; nested ones are the value of their parent.
inline std::string attribute(std::uint16_t type, std::string_view value) {
  const nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + value.size()), type};
  std::string bytes = bytes_of(header).append(value);
  bytes.resize(NLMSG_ALIGN(bytes.size()));
  return bytes;
}

template <typename T>
std::string number_attribute(std::uint16_t type, T value) {
  return attribute(type, bytes_of(value));
}

inline std::string text_attribute(std::uint16_t type, std::string_view text) {
  return attribute(type, std::string(text) + '\0');
}

/// One netlink message; `body` is the structure of its type and attributes.
inline std::string netlink_message(std::uint16_t type, std::string_view body, std::uint16_t flags = NLM_F_MULTI,
                                   std::uint32_t sequence = 1) {
  const nlmsghdr header{static_cast<std::uint32_t>(sizeof(nlmsghdr) + body.size()), type, flags, sequence, 0};
  std::string bytes = bytes_of(header).append(body);
  bytes.resize(NLMSG_ALIGN(bytes.size()));
  return bytes;
}

}  // namespace guestd::support
