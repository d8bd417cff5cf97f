// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "client/copy/guest_file.hpp"
#include "client/copy/host_folder.hpp"
#include "client/copy/settings.hpp"

/// From the guest to the host. Modes come without set-user-ID and set-group-ID: a guest does not make programs that run
/// as root here.
namespace guestd::copy {

/// To whatever `fd` is, from front to back: holes become zeros, attributes are not kept.
Result<void> download_to_pipe(const Guest& guest, const std::string& path, int fd, const Settings& settings);

/// To the file `name` in a folder of the host.
Result<void> download_file(const Guest& guest, const std::string& path, const HostFolder& folder,
                           const std::string& name, const Settings& settings);

/// A folder with all that is in it becomes the folder `name`. What cannot be copied is warned of and left out; false if
/// there was anything. Needs an agent that knows attributes.
Result<bool> download_folder(const Guest& guest, const std::string& path, const HostFolder& folder,
                             const std::string& name, const Settings& settings);

}  // namespace guestd::copy
