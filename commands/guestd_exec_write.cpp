// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string_view>
#include <utility>

#include "commands/context.hpp"
#include "commands/exec_policy.hpp"
#include "commands/process_table.hpp"
#include "generated/commands.hpp"

namespace guestd::commands {

Result<std::optional<GuestdExecWriteResult>> guestd_exec_write(Context& context, const GuestdExecWriteArgs& args,
                                                               protocol::Waiting& waiting) {
  const auto child = context.processes.find(args.pid);
  if (!child) return child.error();
  if (auto allowed = may_feed(context.settings.now()->access, **child); !allowed) return std::move(allowed).error();
  const bool may_wait = !waiting.is_over && args.wait_ms.value_or(0) > 0;
  const auto can_write = (*child)->can_write(may_wait ? waiting.wake : Wake());
  if (!can_write) return can_write.error();
  if (!*can_write && may_wait) {
    waiting.limit = exec_wait(*args.wait_ms);
    return std::optional<GuestdExecWriteResult>();
  }
  // Not before: decoding uses the text up.
  std::string_view bytes;
  if (args.data) {
    const auto decoded = args.data->decode();
    if (!decoded) return decoded.error();
    bytes = {reinterpret_cast<const char*>(decoded->data()), decoded->size()};
  }
  const auto taken = (*child)->write(bytes, args.offset, args.eof.value_or(false));
  if (!taken) return taken.error();
  GuestdExecWriteResult result;
  result.count = taken->count;
  result.next_offset = taken->next_offset;
  result.room = taken->room;
  return std::optional(result);
}

}  // namespace guestd::commands
