// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "protocol/dispatch.hpp"
#include "protocol/request.hpp"

namespace guestd::daemon {

/// The text of an error as the audit trail may keep it. Errors repeat for the host what it has sent, and by mistake
/// that may be a private key where a public one belongs. What is no object of the command, nor a path or a name that
/// one is judged by, is replaced by the name of its argument: `invalid OpenSSH public key: <keys[1]>`.
std::string without_secrets(std::string_view error, const protocol::CommandEntry& entry,
                            const protocol::Request& request);

}  // namespace guestd::daemon
