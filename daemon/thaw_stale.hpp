// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "daemon/configuration.hpp"
#include "daemon/log.hpp"
#include "platform/host.hpp"

namespace guestd::daemon {

/// Whether systemd starts the service again after a stop with this SERVICE_RESULT (systemd.exec(5)): the new agent
/// then takes over what is frozen, with the time that is left to it. Empty: nobody said.
bool is_restarted_after(std::string_view service_result);

/// Thaws what an agent that was killed has left frozen, and calls the hooks that it owes a `thaw`. Returns when that is
/// done.
void thaw_stale(const Configuration& configuration, const platform::Host& host, Log& log);

}  // namespace guestd::daemon
