// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/limits.hpp"
#include "commands/context.hpp"
#include "commands/process_table.hpp"
#include "generated/commands.hpp"
#include "protocol/byte_stream.hpp"

namespace guestd::commands {
namespace {

protocol::ByteStream wire_bytes(OutputBytes bytes) {
  if (bytes.size() <= limits::kExecAtOnceBytes) return protocol::ByteStream(bytes.str());
  auto left = std::make_shared<OutputBytes>(std::move(bytes));
  return protocol::ByteStream([left](std::span<std::byte> piece) { return left->take(piece); });
}

GuestdExecPiece wire_piece(ChildPiece piece) {
  GuestdExecPiece wire;
  wire.stream = piece.stream == ChildStream::kOutput ? GuestdExecStream::kStdout : GuestdExecStream::kStderr;
  wire.offset = piece.offset;
  wire.next_offset = piece.offset + piece.bytes.size();
  wire.dropped_bytes = piece.dropped_bytes;
  wire.eof = piece.eof;
  wire.data = wire_bytes(std::move(piece.bytes));
  return wire;
}

GuestdExecReadResult wire_news(ChildNews news) {
  GuestdExecReadResult result;
  for (ChildPiece& piece : news.pieces) result.output.push_back(wire_piece(std::move(piece)));
  result.exited = news.state.exited;
  if (news.state.exit) (news.state.exit->by_signal ? result.signal : result.exitcode) = news.state.exit->code;
  result.timed_out = news.state.timed_out;
  result.finished = news.finished;
  return result;
}

ChildRead wanted_by(const GuestdExecReadArgs& args) {
  ChildRead wanted;
  if (args.stream)
    wanted.streams = {*args.stream == GuestdExecStream::kStdout, *args.stream == GuestdExecStream::kStderr};
  wanted.offsets = {args.stdout_offset, args.stderr_offset};
  wanted.most_bytes =
      std::min<std::size_t>(args.max_bytes.value_or(limits::kExecReadDefaultBytes), limits::kExecReadBytes);
  return wanted;
}

}  // namespace

Result<std::optional<GuestdExecReadResult>> guestd_exec_read(Context& context, const GuestdExecReadArgs& args,
                                                             protocol::Waiting& waiting) {
  const auto child = context.processes.find(args.pid);
  if (!child) return child.error();
  const bool may_wait = !waiting.is_over && args.wait_ms.value_or(0) > 0;
  auto news = (*child)->read(wanted_by(args), may_wait ? waiting.wake : Wake());
  if (!news) return std::move(news).error();
  if (!news->is_new && may_wait) {
    waiting.limit = exec_wait(*args.wait_ms);
    return std::optional<GuestdExecReadResult>();
  }
  if (news->finished && args.forget.value_or(false)) context.processes.forget(**child);
  return std::optional(wire_news(*std::move(news)));
}

}  // namespace guestd::commands
