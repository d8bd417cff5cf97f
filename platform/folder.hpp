// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// The names in a folder, sorted, `.` and `..` left out. More than 10,000 are E2BIG. The error names the folder.
Result<std::vector<std::string>> names_in(const Root& root, const std::string& folder);

}  // namespace guestd::platform
