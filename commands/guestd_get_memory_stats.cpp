// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/memory_figures.hpp"

namespace guestd::commands {

namespace {

std::vector<GuestdHugePages> listed(const std::vector<platform::HugePages>& all) {
  std::vector<GuestdHugePages> result;
  result.reserve(all.size());
  for (const platform::HugePages& pages : all) {
    GuestdHugePages& entry = result.emplace_back();
    entry.size = pages.size_bytes;
    entry.total = pages.total;
    entry.free = pages.free;
    entry.reserved = pages.reserved;
    entry.surplus = pages.surplus;
  }
  return result;
}

GuestdMemoryNode listed(const platform::MemoryNode& node) {
  GuestdMemoryNode result;
  result.node = node.number;
  result.total = node.info.total_bytes.value_or(0);
  result.free = node.info.free_bytes.value_or(0);
  result.cached = node.info.cached_bytes;
  result.reclaimable = node.info.reclaimable_bytes;
  result.shared = node.info.shared_bytes;
  result.dirty = node.info.dirty_bytes;
  result.huge_pages = listed(node.huge_pages);
  return result;
}

void add_totals(const platform::MemInfo& info, GuestdGetMemoryStatsResult& result) {
  result.total = info.total_bytes.value_or(0);
  result.free = info.free_bytes.value_or(0);
  result.available = info.available_bytes;
  result.buffers = info.buffers_bytes;
  result.cached = info.cached_bytes;
  result.reclaimable = info.reclaimable_bytes;
  result.shared = info.shared_bytes;
  result.dirty = info.dirty_bytes;
  result.swap_total = info.swap_total_bytes;
  result.swap_free = info.swap_free_bytes;
  result.transparent_huge = info.transparent_huge_bytes;
}

}  // namespace

Result<GuestdGetMemoryStatsResult> guestd_get_memory_stats(Context& context) {
  const platform::Root& root = context.host.root;
  const auto info = platform::meminfo(root);
  if (!info) return info.error();
  GuestdGetMemoryStatsResult result;
  add_totals(*info, result);
  result.huge_pages = listed(platform::huge_pages(root));
  for (const platform::MemoryNode& node : platform::memory_nodes(root)) result.nodes.push_back(listed(node));
  if (const auto limit = platform::memory_limit(root)) {
    GuestdMemoryLimit& told = result.limit.emplace();
    told.limit = limit->limit_bytes;
    told.used = limit->used_bytes;
  }
  return result;
}

}  // namespace guestd::commands
