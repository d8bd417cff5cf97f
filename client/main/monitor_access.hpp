// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "client/lib/machines.hpp"
#include "client/lib/monitor.hpp"
#include "client/main/context.hpp"

namespace guestd::guestctl {

/// The machine of `machines` that the options mean: by its agent's socket, its domain, its monitor, or because it is
/// the only one. Nothing if that cannot be told.
std::optional<client::Machine> meant_machine(const Context& context, const std::vector<client::Machine>& machines);

/// The monitor that --qmp names, or that of the machine that is meant.
Result<std::string> monitor_path(const Context& context, const std::vector<client::Machine>& machines);

/// Connected, with --timeout for both its limits.
Result<std::unique_ptr<client::Monitor>> open_monitor(const Context& context);
/// For what is only better with a monitor: null if none was named with --qmp and none is found that takes us.
Result<std::unique_ptr<client::Monitor>> open_monitor_if_any(const Context& context);
client::MonitorOptions monitor_options(const Context& context);

}  // namespace guestd::guestctl
