// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "client/copy/guest_file.hpp"
#include "client/copy/host_folder.hpp"
#include "client/copy/settings.hpp"

/// Folders of a guest whose agent knows files and programs, but no folders: by tar in the guest, through an archive
/// that lies there for as long as the copy takes. Holes are kept by GNU tar and libarchive's; owners and modes by all.
namespace guestd::copy {

/// Whether there is a folder at a path of the guest; links are followed.
Result<bool> is_folder_by_program(const Guest& guest, const std::string& path);

/// As upload_folder().
Result<bool> upload_archive(const Guest& guest, const std::string& source, const std::string& path,
                            const Settings& settings);

/// As download_folder().
Result<bool> download_archive(const Guest& guest, const std::string& path, const HostFolder& folder,
                              const std::string& name, const Settings& settings);

}  // namespace guestd::copy
