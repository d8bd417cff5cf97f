// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// How a CPU has spent its time since the start of the system, in milliseconds. Kernels count more the newer they are;
/// what this one does not count is nothing. Source: proc(5), /proc/stat.
struct CpuTimes {
  std::int64_t number = 0;
  std::uint64_t user_ms = 0;
  std::uint64_t nice_ms = 0;
  std::uint64_t system_ms = 0;
  std::uint64_t idle_ms = 0;
  std::optional<std::uint64_t> iowait_ms{};
  std::optional<std::uint64_t> irq_ms{};
  std::optional<std::uint64_t> softirq_ms{};
  std::optional<std::uint64_t> steal_ms{};
  std::optional<std::uint64_t> guest_ms{};
  std::optional<std::uint64_t> guest_nice_ms{};
};

/// The lines `cpu<n>` at the beginning of /proc/stat, whose unit is 1 / `ticks_per_second`. A line with fewer than four
/// numbers is left out. CPUs that are offline have none.
std::vector<CpuTimes> parse_cpu_times(std::string_view text, std::uint64_t ticks_per_second);

/// `open("/proc/stat"): <e>`
Result<std::vector<CpuTimes>> cpu_times(const Root& root);

}  // namespace guestd::platform
