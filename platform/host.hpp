// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/limits.hpp"
#include "platform/clock.hpp"
#include "platform/clock_devices.hpp"
#include "platform/disk_backends.hpp"
#include "platform/file_labels.hpp"
#include "platform/freezer.hpp"
#include "platform/identity.hpp"
#include "platform/in_time.hpp"
#include "platform/memory_blocks.hpp"
#include "platform/online_switch.hpp"
#include "platform/power.hpp"
#include "platform/processes.hpp"
#include "platform/program.hpp"
#include "platform/root.hpp"
#include "platform/set_clock.hpp"
#include "platform/system_bus.hpp"

namespace guestd::platform {

/// The machine that the agent runs on: all that commands learn and do goes through it. Made once at start, or by a
/// test from a fixture; afterwards it does not change, and its parts are thread-safe.
struct Host {
  Root root;
  std::unique_ptr<const Clock> clock;
  std::string os_release_path;  ///< file to read instead of the usual os-release; empty: the usual ones
  DiskBackends disks{};
  std::unique_ptr<Freezer> freezer{};
  std::unique_ptr<const OnlineSwitch> online_switch{};
  std::unique_ptr<Programs> programs{};
  std::unique_ptr<Processes> processes{};
  std::unique_ptr<const SystemBus> bus{};
  std::unique_ptr<ClockDevices> clock_devices{};
  std::unique_ptr<KernelPower> kernel_power{};
  std::unique_ptr<Identity> identity{};
  std::unique_ptr<const FileLabels> labels{};  ///< null: files get the labels that the kernel gives them
  /// By which files of users are touched: a user may have seen to it that they never answer.
  std::unique_ptr<InTime> user_files = std::make_unique<InTime>(
      InTime::Limits{limits::kUserFileAnswer, limits::kUserFileAnswer, limits::kDeviceAskers, false});
  std::unique_ptr<KnownMemoryBlocks> memory_blocks = std::make_unique<KnownMemoryBlocks>();

  /// One for each command that asks: it remembers what it has found.
  [[nodiscard]] DiskAddresses disk_addresses() const { return {root, *disks.database, disks.serials, *disks.in_time}; }
  [[nodiscard]] ClockTools clock_tools() const { return {root, *clock_devices, *programs}; }
  [[nodiscard]] PowerTools power_tools() const { return {root, *bus, *programs, *kernel_power, *clock}; }
};

/// This machine, with what the environment variable QGA_OS_RELEASE says. With GUESTD_HANDS_OFF in the environment its
/// clocks, its power, its identity, its services and its devices are left alone, nothing is frozen or trimmed and no
/// program is started, whatever the agent is told: tests set it, because the machine is the one that they run on. With
/// GUESTD_HANDS_OFF=except-exec hosts may start programs.
Host system_host();

}  // namespace guestd::platform
