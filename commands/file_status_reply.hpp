// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "generated/types.hpp"
#include "platform/account_names.hpp"
#include "platform/file_status.hpp"
#include "protocol/byte_stream.hpp"

namespace guestd::commands {

/// What the platform found out about a file, as it is told to the host.
GuestdFileStatus file_status_reply(const platform::FileStatus& status, platform::AccountNames& names);

/// The bytes of a name, if they are not UTF-8, which strings of JSON have to be.
std::optional<protocol::ByteStream> bytes_unless_utf8(const std::string& name);

}  // namespace guestd::commands
