// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "commands/context.hpp"

namespace guestd::commands {

/// The file that a command of guestd-file-... is about, by path or by handle.
struct FileTarget {
  UniqueFd fd;       ///< held or open, shared with no one; not for reading
  std::string name;  ///< `'/path'` or `handle 'N'`, for error texts
};

/// Exactly one of the two has to be there, and a path has to be absolute. `failed to <what> <name>: <why>`.
Result<FileTarget> find_target(Context& context, const std::string& what, const std::optional<std::string>& path,
                               const std::optional<std::int64_t>& handle, const std::optional<bool>& follow);

/// Fails unless the path is absolute.
Result<void> check_path(const std::string& path);

/// `'<path>'`, cut off where the kernel would not have looked any more.
std::string quoted(const std::string& path);

/// `failed to <what> <name>: <why>`, from an error of the platform. Without an errno its text is the reason.
Error file_error(const std::string& what, const std::string& name, const Error& reason);

/// The argument, if it is there, may not be negative.
Result<void> check_not_negative(const char* argument, const std::optional<std::int64_t>& value);

/// Permissions, if they are there, have twelve bits.
Result<void> check_mode(const std::optional<std::uint32_t>& mode);

}  // namespace guestd::commands
