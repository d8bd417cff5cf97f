// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// One CPU as the kernel numbers it.
struct Cpu {
  std::int64_t number = 0;
  bool online = true;
  bool can_offline = false;  ///< whether it can be switched at all; one that cannot be is online
};

/// CPUs `first` to `last`, both included.
struct CpuRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

/// A list of the kernel's, such as `0-3,8,10-11`, in ascending order; an empty one is none. Anything else is nothing.
/// Source: Linux, Documentation/admin-guide/cputopology.rst.
std::optional<std::vector<CpuRange>> parse_cpu_list(std::string_view text);

/// All CPUs that are there, in ascending order of their numbers. Errors are those of qemu-ga:
/// `failed to list entries: <folder>: <e>`, `pread("<folder>/cpu<n>/online"): <e>`.
Result<std::vector<Cpu>> cpus(const Root& root);

/// One CPU: `open("/sys/devices/system/cpu/cpu<n>/"): <e>` if it is not there.
Result<Cpu> cpu(const Root& root, std::int64_t number);

}  // namespace guestd::platform
