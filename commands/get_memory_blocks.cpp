// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/memory_blocks.hpp"

namespace guestd::commands {

Result<GetMemoryBlocksResult> get_memory_blocks(Context& context) {
  const auto blocks = context.host.memory_blocks->of(context.host.root);
  if (!blocks) return blocks.error();
  GetMemoryBlocksResult result;
  result.reserve(blocks->size());
  for (const platform::MemoryBlock& block : *blocks) {
    GuestMemoryBlock& listed = result.emplace_back();
    listed.phys_index = block.number;
    listed.online = block.online;
    listed.can_offline = block.can_offline;
  }
  return result;
}

}  // namespace guestd::commands
