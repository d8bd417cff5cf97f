// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "platform/root.hpp"

namespace guestd::platform {

/// Whether SELinux is there and enforces its policy, so that it may be what refused an access that file modes allow.
bool selinux_enforcing(const Root& root);

}  // namespace guestd::platform
