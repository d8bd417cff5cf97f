// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "commands/context.hpp"
#include "platform/key_file.hpp"

namespace guestd::commands {

/// The file of a user's authorized keys; the error is that there is no such user, or that sshd's configuration cannot
/// be followed.
Result<platform::KeyFile> key_file_of(const Context& context, const std::string& username);

/// Whether the policy lets the host change the keys of that user, under any of his names.
Result<void> may_change_keys(const Context& context, const std::string& username);

/// An error that names the first of the keys that cannot be one.
Result<void> check_keys(const std::vector<std::string>& keys);

}  // namespace guestd::commands
