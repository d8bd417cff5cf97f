// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/memory_blocks.hpp"

namespace guestd::commands {

Result<GetMemoryBlockInfoResult> get_memory_block_info(Context& context) {
  const auto size_bytes = platform::memory_block_size(context.host.root);
  if (!size_bytes) return size_bytes.error();
  GetMemoryBlockInfoResult result;
  result.size = *size_bytes;
  return result;
}

}  // namespace guestd::commands
