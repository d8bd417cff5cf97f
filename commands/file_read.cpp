// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/limits.hpp"
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "protocol/byte_stream.hpp"

namespace guestd::commands {

namespace {

/// Reads until `count` bytes are there or the file has no more for now. The buffer grows with what the file has, not
/// with what was asked for.
Result<std::string> read_bytes(OpenFile& file, std::size_t count) {
  constexpr std::size_t kSmallest = 4096;
  std::string bytes;
  // One byte more than is left, so that the read which fills the buffer also meets the end.
  std::size_t step = std::max(file.bytes_left().value_or(0) + 1, kSmallest);
  do {
    const std::size_t filled = bytes.size();
    const std::size_t wanted = std::min(step, count - filled);
    bytes.resize(filled + wanted);
    const auto got = file.read(std::as_writable_bytes(std::span(bytes)).subspan(filled));
    if (!got && filled == 0) return got.error();
    if (!got) file.report_later(got.error());
    bytes.resize(filled + (got ? *got : 0));
    if (!got || *got < wanted) break;
    step = bytes.size();
  } while (bytes.size() < count);
  return bytes;
}

/// A read that is too large for one piece. It keeps the turn on the file until the reply is complete or given up.
class LargeRead {
 public:
  LargeRead(FileHandles::Turn file, std::string begun, std::size_t count)
      : file_(std::move(file)), begun_(std::move(begun)), unread_(count - begun_.size()) {}

  std::size_t pull(std::span<std::byte> piece) {
    const std::size_t old = take_begun(piece);
    const std::size_t filled = old + read_more(piece.subspan(old));
    given_ += filled;
    return filled;
  }

  void complete(FileReadResult& result) const {
    result.count = static_cast<std::int64_t>(given_);
    result.eof = file_->at_end();
  }

 private:
  std::size_t take_begun(std::span<std::byte> piece) {
    const std::size_t size = std::min(piece.size(), begun_.size() - begun_given_);
    const auto bytes = std::as_bytes(std::span(begun_)).subspan(begun_given_, size);
    std::copy(bytes.begin(), bytes.end(), piece.begin());
    begun_given_ += size;
    if (begun_given_ == begun_.size()) {
      // Assigning would keep the memory.
      std::string().swap(begun_);
      begun_given_ = 0;
    }
    return size;
  }

  std::size_t read_more(std::span<std::byte> piece) {
    const std::size_t wanted = std::min(piece.size(), unread_);
    if (wanted == 0) return 0;
    const auto got = file_->read(piece.first(wanted));
    if (!got) file_->report_later(got.error());
    const std::size_t filled = got ? *got : 0;
    // Less than asked for is the end of this reply, even if the file grows meanwhile.
    unread_ = filled < wanted ? 0 : unread_ - filled;
    return filled;
  }

  FileHandles::Turn file_;
  std::string begun_;  // what was read before the reply began
  std::size_t begun_given_ = 0;
  std::size_t unread_;
  std::size_t given_ = 0;
};

FileReadResult buffered(OpenFile& file, std::string bytes) {
  FileReadResult result;
  result.count = static_cast<std::int64_t>(bytes.size());
  result.buf_b64 = protocol::ByteStream(std::move(bytes));
  result.eof = file.at_end();
  return result;
}

FileReadResult streamed(FileHandles::Turn file, std::string begun, std::size_t count) {
  const auto read = std::make_shared<LargeRead>(std::move(file), std::move(begun), count);
  FileReadResult result;
  result.buf_b64 = protocol::ByteStream([read](std::span<std::byte> piece) { return read->pull(piece); });
  result.complete = [read](FileReadResult& self) { read->complete(self); };
  return result;
}

}  // namespace

Result<FileReadResult> file_read(Context& context, const FileReadArgs& args) {
  auto file = context.files.use(args.handle);
  if (!file) return std::move(file).error();
  const std::int64_t asked = args.count.value_or(limits::kFileReadDefaultBytes);
  if (asked < 0 || asked > limits::kFileReadBytes) {
    return Error{"value '" + std::to_string(asked) + "' is invalid for argument count"};
  }
  const auto count = static_cast<std::size_t>(asked);
  OpenFile& open_file = **file;
  // Errors of the first piece are errors of the command; later ones cannot be, since the reply is on its way.
  const std::size_t first = std::min(count, limits::kReplyChunkBytes);
  auto bytes = read_bytes(open_file, first);
  if (!bytes) return std::move(bytes).error();
  if (count == first || bytes->size() < first) return buffered(open_file, *std::move(bytes));
  return streamed(*std::move(file), *std::move(bytes), count);
}

std::optional<FileReadResult> file_read_at_once(Context& context, const FileReadArgs& args) {
  const std::int64_t asked = args.count.value_or(limits::kFileReadDefaultBytes);
  if (asked <= 0 || asked > limits::kFileReadAtOnceBytes) return std::nullopt;
  auto file = context.files.use_at_once(args.handle);
  if (!file) return std::nullopt;
  std::string bytes(static_cast<std::size_t>(asked), '\0');
  const auto count = (*file)->read_at_once(std::as_writable_bytes(std::span(bytes)));
  if (!count) return std::nullopt;
  bytes.resize(*count);
  return buffered(**file, std::move(bytes));
}

}  // namespace guestd::commands
