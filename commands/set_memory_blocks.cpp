// SPDX-License-Identifier: Apache-2.0
#include <cerrno>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/memory_blocks.hpp"

namespace guestd::commands {

namespace {

using Response = GuestMemoryBlockResponseType;

struct Outcome {
  Response response = Response::kSuccess;
  int code = 0;
};

Outcome cannot_read(const Error& error) {
  if (error.kind == Error::Kind::kUnsupported) return {Response::kOperationNotSupported, error.errno_value};
  if (error.errno_value == ENOENT) return {Response::kNotFound, error.errno_value};
  return {Response::kOperationFailed, error.errno_value};
}

Outcome set_one(const platform::Host& host, const GuestMemoryBlock& wanted) {
  const auto state = platform::memory_block_state(host.root, wanted.phys_index);
  if (!state) return cannot_read(state.error());
  // A block that has no state is online for good.
  if (state->value_or(true) == wanted.online) return {};
  if (!state->has_value()) return {Response::kOperationNotSupported, ENOENT};
  const auto set = host.online_switch->set_memory_block(wanted.phys_index, wanted.online);
  if (!set) return {Response::kOperationFailed, set.error().errno_value};
  return {};
}

}  // namespace

// Each entry has its own outcome, and none of them is an error of the command.
Result<SetMemoryBlocksResult> set_memory_blocks(Context& context, const SetMemoryBlocksArgs& args) {
  SetMemoryBlocksResult result;
  result.reserve(args.mem_blks.size());
  for (const GuestMemoryBlock& wanted : args.mem_blks) {
    const Outcome outcome = set_one(context.host, wanted);
    GuestMemoryBlockResponse& response = result.emplace_back();
    response.phys_index = wanted.phys_index;
    response.response = outcome.response;
    if (outcome.code != 0) response.error_code = outcome.code;
  }
  return result;
}

}  // namespace guestd::commands
