// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "platform/checked_open.hpp"
#include "platform/device_number.hpp"
#include "platform/file_status.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// A place in a folder, in the terms of its file system (d_off of readdir(3)), as NFS servers hand them out: it stays
/// valid while files come and go, and nothing has to be kept between two pieces.
struct FolderCursor {
  DeviceNumber file_system{};
  std::uint64_t inode = 0;  ///< of the folder
  std::int64_t place = 0;

  bool operator==(const FolderCursor&) const = default;
};

/// `8:1:2:34`: major and minor number, inode, place. Nothing if the text is not of this form.
std::optional<FolderCursor> parse_folder_cursor(std::string_view text);
std::string to_string(const FolderCursor& cursor);

struct FolderEntry {
  std::string name;           ///< bytes, whatever they are
  Result<FileStatus> status;  ///< a link is not followed
};

struct FolderPage {
  std::vector<FolderEntry> entries{};
  std::optional<FolderCursor> next{};  ///< there is more
};

/// How much of a folder is read at once.
struct FolderLimits {
  std::size_t entries = 0;     ///< at least 1
  std::size_t text_bytes = 0;  ///< names and targets of links, all together; exceeded by the last entry at most
};

/// Reads on from `from`, or from the beginning. `.`, `..` and what has vanished meanwhile are left out. ESTALE if the
/// folder at the path is another one than the cursor's. The error names the path. A `check` is asked about the true
/// path of the folder, and about that of each entry, whose status is its error if it says no.
Result<FolderPage> folder_page(const Root& root, const std::string& path, bool follow,
                               const std::optional<FolderCursor>& from, const FolderLimits& limits,
                               const PathCheck& check = {});

}  // namespace guestd::platform
