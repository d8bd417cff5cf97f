// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace guestd::platform {

/// The label that SELinux' policy has for a file of this kind at this path; nothing if that cannot be told. A static
/// build never can: it would need a library of the guest.
std::optional<std::string> look_up_label(const std::string& path, mode_t mode);

}  // namespace guestd::platform
