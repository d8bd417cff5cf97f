// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "platform/clock.hpp"
#include "platform/disk_backends.hpp"
#include "platform/freezer.hpp"
#include "platform/program.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// The machine that the agent runs on: all that commands learn and do goes through it. Made once at start, or by a
/// test from a fixture; afterwards it does not change, and its parts are thread-safe.
struct Host {
  Root root;
  std::unique_ptr<const Clock> clock;
  std::string os_release_path;  ///< file to read instead of the usual os-release; empty: the usual ones
  DiskBackends disks{};
  std::unique_ptr<Freezer> freezer{};
  std::unique_ptr<Programs> programs{};
};

/// This machine, with what the environment variable QGA_OS_RELEASE says. With GUESTD_NEVER_FREEZE in the environment
/// it freezes nothing, whatever it is told: tests set it, because the disk that they stand on is this machine's.
Host system_host();

}  // namespace guestd::platform
