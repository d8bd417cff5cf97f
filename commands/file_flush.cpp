// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "commands/context.hpp"
#include "generated/commands.hpp"

namespace guestd::commands {

Result<FileFlushResult> file_flush(Context& context, const FileFlushArgs& args) {
  auto file = context.files.use(args.handle);
  if (!file) return std::move(file).error();
  return (*file)->flush();
}

}  // namespace guestd::commands
