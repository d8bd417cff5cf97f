// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "client/terminal/style.hpp"
#include "generated/agent/types.hpp"

namespace guestd::guestctl {

/// What a guest tells of itself at one moment; what its agent does not tell is absent.
struct Sample {
  std::chrono::steady_clock::time_point when{};
  std::optional<std::vector<agent::GuestCpuStats>> cpus;
  std::optional<agent::GuestLoadAverage> load;
  std::optional<agent::GuestdMemoryStats> memory;
  std::optional<agent::GuestdPressure> pressure;
  std::optional<std::vector<agent::GuestDiskStatsInfo>> disks;
  std::optional<std::vector<agent::GuestNetworkInterface>> interfaces;
};

/// The screen of `guestctl top`, lines with newlines: what has happened between two samples.
std::string top_text(const std::string& name, const Sample& before, const Sample& now, std::size_t columns,
                     const terminal::Style& style);
/// The same as one JSON object: shares from 0 to 1, bytes per second.
std::string top_json(const Sample& before, const Sample& now);

}  // namespace guestd::guestctl
