// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace guestd::platform {

/// Puts `content` in the place of the file at `path`, so that whoever opens it, also after a crash, finds the old or
/// the new content and never a part; after success it is the new one. The new file belongs to this process alone (mode
/// 0600).
Result<void> replace_file(const std::string& path, std::string_view content);

/// Whether replace_file(path) finds a folder that it may write to (access(2)), without touching the disk.
Result<void> can_replace_file(const std::string& path);

}  // namespace guestd::platform
