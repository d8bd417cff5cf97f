// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// What /proc/meminfo (proc(5)) or the file of that name of a NUMA node says, in bytes. What it does not say is
/// nothing: nodes know neither swap nor how much is available, and nor do old kernels.
struct MemInfo {
  std::optional<std::uint64_t> total_bytes{};
  std::optional<std::uint64_t> free_bytes{};
  std::optional<std::uint64_t> available_bytes{};
  std::optional<std::uint64_t> buffers_bytes{};
  std::optional<std::uint64_t> cached_bytes{};
  std::optional<std::uint64_t> reclaimable_bytes{};
  std::optional<std::uint64_t> shared_bytes{};
  std::optional<std::uint64_t> dirty_bytes{};
  std::optional<std::uint64_t> swap_total_bytes{};
  std::optional<std::uint64_t> swap_free_bytes{};
  std::optional<std::uint64_t> transparent_huge_bytes{};
};

/// Pages that have been set apart, of one size, in numbers of pages.
struct HugePages {
  std::uint64_t size_bytes = 0;
  std::uint64_t total = 0;
  std::uint64_t free = 0;
  std::optional<std::uint64_t> reserved{};  ///< promised and not yet taken; nodes do not know
  std::uint64_t surplus = 0;                ///< above what was asked for
};

struct MemoryNode {
  std::uint64_t number = 0;
  MemInfo info{};
  std::vector<HugePages> huge_pages{};
};

/// The limit under which everything here stands, if this is a container.
struct MemoryLimit {
  std::uint64_t limit_bytes = 0;
  std::optional<std::uint64_t> used_bytes{};
};

/// Lines `[Node <n>] <name>: <number> [kB]`. Lines that are none, and unknown names, are skipped.
MemInfo parse_meminfo(std::string_view text);

/// `cannot read /proc/meminfo: <e>`, also if it does not say how much memory there is.
Result<MemInfo> meminfo(const Root& root);

/// All sizes that the kernel offers, in ascending order; none where it has no huge pages.
std::vector<HugePages> huge_pages(const Root& root);

/// In ascending order of their numbers; none where the kernel does not tell nodes apart.
std::vector<MemoryNode> memory_nodes(const Root& root);

/// The limit of the topmost control group that can be seen from here; nothing if that has none, as on a machine that
/// is no container. (The limits of the agent's own service say nothing about the machine.) Source: Linux,
/// Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
std::optional<MemoryLimit> memory_limit(const Root& root);

}  // namespace guestd::platform
