// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "base/result.hpp"

namespace guestd::platform {

/// Makes sure that this process may have `files` descriptors open, as far as its hard limit lets it: the soft limit
/// is 1024 by custom, which a host fills with four times fewer handles than guestd serves. Returns what is allowed.
Result<std::size_t> allow_open_files(std::size_t files);

}  // namespace guestd::platform
