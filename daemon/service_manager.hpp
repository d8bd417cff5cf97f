// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

/// What a service manager (systemd) gives and wants. All of it does nothing where there is none.
namespace guestd::daemon::service_manager {

/// The listening socket that was passed by socket activation, non-blocking and close-on-exec; nothing if there is none.
/// `qemu-ga only supports listening on one socket`, `unsupported listen fd type`. Once, at start.
Result<std::optional<UniqueFd>> take_socket();

/// Tells it something: lines of sd_notify(3), such as `READY=1`.
void notify(std::string_view state);

/// Within which time it wants to hear `WATCHDOG=1` again (sd_watchdog_enabled(3)); nothing if it does not.
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace guestd::daemon::service_manager
