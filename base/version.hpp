// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace guestd {

inline constexpr std::string_view kVersion = "0.1.0";
/// The qemu-ga release whose commands and texts guestd has. guest-info reports it, because hosts compare versions
/// to find out what the agent can do.
inline constexpr std::string_view kCompatibleVersion = "10.2.2";

}  // namespace guestd
