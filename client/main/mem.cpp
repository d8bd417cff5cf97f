// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "client/main/ask.hpp"
#include "client/main/verbs.hpp"
#include "client/terminal/table.hpp"
#include "client/terminal/units.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

using terminal::Table;

std::string size_or_dash(const std::optional<std::uint64_t>& bytes) {
  return bytes ? terminal::size_text(*bytes) : "-";
}

std::uint64_t difference(std::uint64_t whole, std::uint64_t part) { return whole > part ? whole - part : 0; }

/// As free(1) has it.
std::string memory_table(const agent::GuestdMemoryStats& memory, const Context& context) {
  constexpr auto kRight = Table::Align::kRight;
  Table table({{""}, {"TOTAL", kRight}, {"USED", kRight}, {"FREE", kRight}, {"CACHED", kRight}, {"AVAILABLE", kRight}});
  const std::uint64_t used = difference(memory.total, memory.available.value_or(memory.free));
  table.add({"memory", terminal::size_text(memory.total), terminal::size_text(used), terminal::size_text(memory.free),
             size_or_dash(memory.cached), size_or_dash(memory.available)});
  if (memory.swap_total) {
    const std::uint64_t free = memory.swap_free.value_or(0);
    table.add({"swap", terminal::size_text(*memory.swap_total),
               terminal::size_text(difference(*memory.swap_total, free)), terminal::size_text(free), "", ""});
  }
  for (const auto& pages : memory.huge_pages) {
    table.add({terminal::size_text(pages.size) + " pages", terminal::size_text(pages.total * pages.size),
               terminal::size_text(difference(pages.total, pages.free) * pages.size),
               terminal::size_text(pages.free * pages.size), "", ""});
  }
  return table.text(context.style());
}

/// All that qemu-ga tells: which blocks of memory are there.
Result<int> show_blocks(client::Connection& connection) {
  auto blocks = agent::get_memory_blocks(connection);
  if (!blocks) return std::move(blocks).error();
  auto info = agent::get_memory_block_info(connection);
  if (!info) return std::move(info).error();
  const auto online = static_cast<std::uint64_t>(std::ranges::count(*blocks, true, &agent::GuestMemoryBlock::online));
  print(terminal::size_text(online * info->size) + " in " + std::to_string(online) + " of " +
        std::to_string(blocks->size()) + " blocks are online; this agent tells no more\n");
  return kExitDone;
}

Result<int> run_mem(const Context& context) {
  auto connection = context.connect();
  if (!connection) return std::move(connection).error();
  auto agent = Capabilities::of(**connection);
  if (!agent) return std::move(agent).error();
  if (context.json) {
    return print_json(**connection, *agent,
                      {{"memory", protocol::make_call<agent::calls::GuestdGetMemoryStats>({})},
                       {"blocks", protocol::make_call<agent::calls::GetMemoryBlocks>({})},
                       {"block", protocol::make_call<agent::calls::GetMemoryBlockInfo>({})}});
  }
  if (!agent->has(agent::calls::GuestdGetMemoryStats::kName)) return show_blocks(**connection);
  auto memory = agent::guestd_get_memory_stats(**connection);
  if (!memory) return std::move(memory).error();
  print(memory_table(*memory, context));
  return kExitDone;
}

}  // namespace

Action define_mem(CLI::App& /*app*/) {
  return [](Context& context) { return run_mem(context); };
}

}  // namespace guestd::guestctl
