// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "commands/context.hpp"
#include "platform/checked_open.hpp"

namespace guestd::commands {

/// The file that a command of guestd-file-... is about, by path or by handle.
struct FileTarget {
  UniqueFd fd;       ///< held or open, shared with no one; not for reading
  std::string name;  ///< `'/path'` or `handle 'N'`, for error texts
};

/// What a command does with a file, as far as the policy distinguishes it.
enum class FileUse { kRead, kWrite };

/// Asks the policy, with the settings of this moment. Empty if it restricts nothing of the kind.
platform::PathCheck file_check(const Context& context, FileUse use);

/// Exactly one of the two has to be there, and a path has to be absolute. The policy is asked about the place where the
/// file truly lies, also with a handle: what has no place any more (it was deleted) passes no rule. `failed to <what>
/// <name>: <why>`.
Result<FileTarget> find_target(Context& context, FileUse use, const std::string& what,
                               const std::optional<std::string>& path, const std::optional<std::int64_t>& handle,
                               const std::optional<bool>& follow);

/// Fails unless the path is absolute.
Result<void> check_path(const std::string& path);

/// `'<path>'`, cut off where the kernel would not have looked any more.
std::string quoted(const std::string& path);

/// `failed to <what> <name>: <why>`, from an error of the platform. Without an errno its text is the reason.
Error file_error(const std::string& what, const std::string& name, const Error& reason);

/// `failed to make <kind> '<path>': <why>`: the system's reason, or that of the policy.
Error made_error(const std::string& kind, const std::string& path, const Error& reason);

/// The argument, if it is there, may not be negative.
Result<void> check_not_negative(const char* argument, const std::optional<std::int64_t>& value);

/// Permissions, if they are there, have twelve bits.
Result<void> check_mode(const std::optional<std::uint32_t>& mode);

}  // namespace guestd::commands
