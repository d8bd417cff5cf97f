// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.hpp"
#include "platform/checked_open.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

struct NewFolder {
  std::optional<mode_t> mode{};  ///< exactly; none: 0777 less the umask
  bool parents = false;          ///< make those above it too, and take one that is there already
  PathCheck check{};             ///< if given, asked about the true path of everything that is made
};

/// Makes a folder; false: it was there already, and was left as it is. A symbolic link in its place is not followed.
/// The error names the path that could not be made. What was made in a folder that somebody has moved since the check
/// is removed again, and that is an error (EAGAIN); errors of the check come back as they are.
Result<bool> make_folder(const Root& root, const std::string& path, const NewFolder& wanted);

/// Makes a symbolic link; false: with `replace`, the same link was there already. Anything else there but a folder is
/// replaced in one step. The error names the path. With a `check` as above.
Result<bool> make_link(const Root& root, const std::string& path, const std::string& target, bool replace,
                       const PathCheck& check = {});

}  // namespace guestd::platform
