// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

struct NewFolder {
  std::optional<mode_t> mode{};  ///< exactly; none: 0777 less the umask
  bool parents = false;          ///< make those above it too, and take one that is there already
};

/// Makes a folder; false: it was there already, and was left as it is. A symbolic link in its place is not followed.
/// The error names the path that could not be made.
Result<bool> make_folder(const Root& root, const std::string& path, const NewFolder& wanted);

/// Makes a symbolic link; false: with `replace`, the same link was there already. Anything else there but a folder is
/// replaced in one step. The error names the path.
Result<bool> make_link(const Root& root, const std::string& path, const std::string& target, bool replace);

}  // namespace guestd::platform
