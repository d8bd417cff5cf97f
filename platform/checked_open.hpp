// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// Says whether the file at this path may be opened: absolute, without links, `.` or `..`.
using PathCheck = std::function<Result<void>(const std::string& path)>;

/// open(2) for a path that somebody else may have laid snares on: links, `..`, files that are renamed meanwhile. What
/// is opened is the file that `check` has said yes to, by the path at which it truly lies; before that nothing has been
/// read, created or truncated. Links of /proc that lead out of any path are ELOOP. A link that leads to nothing is not
/// followed to create what it names: EEXIST. O_CREAT makes the file in the folder that was checked, even if that folder
/// is moved meanwhile; then the new file is removed again, and that is an error. Errors are the system's, or `check`'s.
///
/// Two names of one file (link(2)) are two paths: who can make the second one can have it checked in place of the
/// first. Debian's kernel lets nobody link what he may not write (fs.protected_hardlinks).
Result<UniqueFd> open_checked(const Root& root, const std::string& path, int flags, mode_t mode,
                              const PathCheck& check);

}  // namespace guestd::platform
