// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

/// What a service manager (systemd) gives and wants. All of it does nothing where there is none.
namespace guestd::daemon::service_manager {

/// The listening socket that was passed by socket activation, non-blocking and close-on-exec; nothing if there is none.
/// `qemu-ga only supports listening on one socket`, `unsupported listen fd type`. Once, at start.
Result<std::optional<UniqueFd>> take_socket();

void notify_ready();
void notify_stopping();

}  // namespace guestd::daemon::service_manager
