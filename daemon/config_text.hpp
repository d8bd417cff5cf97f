// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "daemon/configuration.hpp"

namespace guestd::daemon {

/// The configuration as a file that reads back as the same, in qemu-ga's form: --dump-conf. What qemu-ga does not know
/// (the group vsock) appears only where it differs from the default.
std::string configuration_text(const Configuration& configuration);

}  // namespace guestd::daemon
