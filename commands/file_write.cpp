// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "commands/context.hpp"
#include "generated/commands.hpp"

namespace guestd::commands {

Result<FileWriteResult> file_write(Context& context, const FileWriteArgs& args) {
  auto file = context.files.use(args.handle);
  if (!file) return std::move(file).error();
  auto bytes = args.buf_b64.decode();
  if (!bytes) return std::move(bytes).error();
  const std::int64_t count = args.count.value_or(static_cast<std::int64_t>(bytes->size()));
  if (count < 0 || static_cast<std::size_t>(count) > bytes->size()) {
    return Error{"value '" + std::to_string(count) + "' is invalid for argument count"};
  }
  auto written = (*file)->write(bytes->first(static_cast<std::size_t>(count)));
  if (!written) return std::move(written).error();
  FileWriteResult result;
  result.count = static_cast<std::int64_t>(*written);
  result.eof = (*file)->at_end();
  return result;
}

}  // namespace guestd::commands
