// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "client/copy/guest_file.hpp"
#include "client/copy/settings.hpp"

/// From the host to the guest.
namespace guestd::copy {

/// Whatever `fd` brings until its end becomes the file at `path`.
Result<void> upload_pipe(const Guest& guest, int fd, const std::string& path, const Settings& settings);

/// The regular file `source` of the host becomes the file at `path`: with its holes, mode, times and, as far as the
/// settings wish, owner, if the agent knows attributes.
Result<void> upload_file(const Guest& guest, const std::string& source, const std::string& path,
                         const Settings& settings);

/// A folder with all that is in it becomes the folder at `path`. What cannot be copied is warned of and left out; false
/// if there was anything. Needs an agent that knows attributes.
Result<bool> upload_folder(const Guest& guest, const std::string& source, const std::string& path,
                           const Settings& settings);

}  // namespace guestd::copy
