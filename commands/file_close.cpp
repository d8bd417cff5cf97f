// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "generated/commands.hpp"

namespace guestd::commands {

Result<FileCloseResult> file_close(Context& context, const FileCloseArgs& args) {
  return context.files.close(args.handle);
}

}  // namespace guestd::commands
