// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include "commands/context.hpp"
#include "commands/file_target.hpp"
#include "generated/commands.hpp"
#include "platform/new_file.hpp"

namespace guestd::commands {

Result<GuestdFileMakeDirectoryResult> guestd_file_make_directory(Context& context,
                                                                 const GuestdFileMakeDirectoryArgs& args) {
  if (auto checked = check_path(args.path); !checked) return std::move(checked).error();
  if (auto checked = check_mode(args.mode); !checked) return std::move(checked).error();
  const auto made = platform::make_folder(
      context.host.root, args.path, {args.mode, args.parents.value_or(false), file_check(context, FileUse::kWrite)});
  if (!made) return made_error("the folder", args.path, made.error());
  GuestdFileMakeDirectoryResult result;
  result.created = *made;
  return result;
}

}  // namespace guestd::commands
