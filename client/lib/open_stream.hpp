// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "client/lib/deadline.hpp"
#include "client/lib/endpoint.hpp"

namespace guestd::client {

/// A stream to whatever is at the endpoint (not one of libvirt, which gives none): not blocking, closed on exec. Errors
/// are kUnreachable and say why, or kTimedOut.
Result<UniqueFd> open_stream(const Endpoint& endpoint, Deadline deadline);

/// Connects to a Unix socket whose path may be longer than the 107 bytes of sockaddr_un. Blocking afterwards.
Result<UniqueFd> connect_unix(const std::string& path, Deadline deadline);

}  // namespace guestd::client
