// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "client/lib/connection.hpp"
#include "client/main/context.hpp"

namespace guestd::guestctl {

/// Hooks and large caches take their time; Proxmox VE waits as long.
inline constexpr std::chrono::minutes kFreezeTime{10};
inline constexpr std::chrono::minutes kThawTime{3};

/// All of them, or the named ones; how many there were.
Result<std::int64_t> freeze_filesystems(client::Connection& connection, const std::vector<std::string>& mountpoints);

/// Freezes, runs Context::program on this host, and thaws, in whatever way it ends: the command fails, this process
/// gets a signal, the connection breaks. If this process is killed, another one that it has started before thaws. The
/// result is the exit status of the command; it is an error if the guest has thawed before the command was done.
Result<int> run_frozen(Context& context, const std::vector<std::string>& mountpoints);

}  // namespace guestd::guestctl
