// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/file.hpp"

namespace guestd::commands {

namespace {

/// `whence` is a number or a name; the names stand in the order of the numbers.
std::int64_t whence_code(const GuestFileWhence& whence) {
  return std::visit([](auto value) { return static_cast<std::int64_t>(value); }, whence);
}

std::optional<platform::SeekFrom> seek_from(std::int64_t code) {
  switch (code) {
    case 0:
      return platform::SeekFrom::kStart;
    case 1:
      return platform::SeekFrom::kCurrent;
    case 2:
      return platform::SeekFrom::kEnd;
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<FileSeekResult> file_seek(Context& context, const FileSeekArgs& args) {
  auto file = context.files.use(args.handle);
  if (!file) return std::move(file).error();
  const std::int64_t code = whence_code(args.whence);
  const auto from = seek_from(code);
  if (!from) return Error{"invalid whence code " + std::to_string(code)};
  auto position = (*file)->seek(args.offset, *from);
  if (!position) return std::move(position).error();
  FileSeekResult result;
  result.position = *position;
  result.eof = (*file)->at_end();
  return result;
}

}  // namespace guestd::commands
