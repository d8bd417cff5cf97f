// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "daemon/audit.hpp"
#include "daemon/configuration.hpp"
#include "daemon/log.hpp"
#include "platform/host.hpp"

namespace guestd::daemon {

/// Whether an agent before this one may have left file systems frozen: its marker is there, or cannot be read.
bool may_be_frozen(const Configuration& configuration);

/// The log that the configuration asks for. It is held as long as an agent before this one may have left file systems
/// frozen: opening a file there would wait for the thaw.
Result<std::unique_ptr<Log>> open_log(const Configuration& configuration);

/// The audit trail that the configuration asks for, held like the log.
Result<std::unique_ptr<Audit>> open_audit(const Configuration& configuration);

/// Whether systemd starts the service again after a stop with this SERVICE_RESULT (systemd.exec(5)): the new agent
/// then takes over what is frozen, with the time that is left to it. Empty: nobody said.
bool is_restarted_after(std::string_view service_result);

/// Thaws what an agent that was killed has left frozen, and calls the hooks that it owes a `thaw`. Returns when that is
/// done.
void thaw_stale(const Configuration& configuration, const platform::Host& host, Log& log);

}  // namespace guestd::daemon
