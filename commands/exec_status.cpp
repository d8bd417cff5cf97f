// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/limits.hpp"
#include "commands/context.hpp"
#include "commands/process_table.hpp"
#include "generated/commands.hpp"
#include "protocol/byte_stream.hpp"

namespace guestd::commands {
namespace {

/// An output on its way to the host, piece by piece. Nobody else touches it any more.
class OutputReader {
 public:
  explicit OutputReader(std::shared_ptr<KeptOutput> kept) : kept_(std::move(kept)), offset_(kept_->begin()) {}

  std::size_t pull(std::span<std::byte> piece) {
    auto bytes = kept_->read(offset_, piece.size());
    if (!bytes) return 0;  // of a file that has become unreadable: truncated() tells
    const std::size_t count = bytes->take(piece);
    offset_ += count;
    return count;
  }
  [[nodiscard]] bool truncated() const { return offset_ < kept_->end(); }

 private:
  std::shared_ptr<KeptOutput> kept_;
  std::uint64_t offset_;
};

std::size_t size_of(const CollectedOutput& output) {
  return output.kept ? static_cast<std::size_t>(output.kept->end() - output.kept->begin()) : 0;
}

/// The two members that tell of one output.
struct Members {
  std::optional<protocol::ByteStream>& data;
  std::optional<bool>& truncated;
};

/// The reader of an output that is too large for one piece.
Result<std::shared_ptr<OutputReader>> put(const CollectedOutput& output, const Members& members) {
  std::shared_ptr<OutputReader> reader;
  const std::size_t size = size_of(output);
  // Also alone, where there is nothing to show of what was cut.
  if (size > 0 || output.truncated) members.truncated = output.truncated;
  if (size > limits::kExecAtOnceBytes) {
    reader = std::make_shared<OutputReader>(output.kept);
    members.data = protocol::ByteStream([reader](std::span<std::byte> piece) { return reader->pull(piece); });
  } else if (size > 0) {
    auto bytes = output.kept->read(output.kept->begin(), size);
    if (!bytes) return std::move(bytes).error();
    members.data = protocol::ByteStream(bytes->str());
  }
  return reader;
}

void put_exit(const ChildState& state, ExecStatusResult& result) {
  result.exited = state.complete;
  if (!state.complete || !state.exit) return;
  (state.exit->by_signal ? result.signal : result.exitcode) = state.exit->code;
}

Result<ExecStatusResult> collect(ProcessTable& processes, Child& child, const ChildState& state) {
  const auto outputs = child.collect();
  processes.forget(child);
  ExecStatusResult result;
  put_exit(state, result);
  const auto out = put(outputs[0], {result.out_data, result.out_truncated});
  if (!out) return out.error();
  const auto err = put(outputs[1], {result.err_data, result.err_truncated});
  if (!err) return err.error();
  result.complete = [out = *out, err = *err](ExecStatusResult& self) {
    if (out && out->truncated()) self.out_truncated = true;
    if (err && err->truncated()) self.err_truncated = true;
  };
  return result;
}

}  // namespace

Result<ExecStatusResult> exec_status(Context& context, const ExecStatusArgs& args) {
  const auto child = context.processes.find(args.pid);
  if (!child) return child.error();
  const ChildState state = (*child)->state();
  if (state.complete) return collect(context.processes, **child, state);
  ExecStatusResult result;
  put_exit(state, result);
  return result;
}

std::optional<ExecStatusResult> exec_status_at_once(Context& context, const ExecStatusArgs& args) {
  const auto child = context.processes.find(args.pid);
  if (!child) return std::nullopt;
  const bool is_little = (*child)->is_little(limits::kExecAtOnceBytes);
  if (!is_little) return std::nullopt;
  auto result = exec_status(context, args);
  return result ? std::optional(*std::move(result)) : std::nullopt;
}

}  // namespace guestd::commands
