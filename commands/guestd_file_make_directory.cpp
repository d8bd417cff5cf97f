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
  const auto made = platform::make_folder(context.host.root, args.path, {args.mode, args.parents.value_or(false)});
  if (!made) return Error::from_errno("failed to make the folder " + quoted(args.path), made.error().errno_value);
  GuestdFileMakeDirectoryResult result;
  result.created = *made;
  return result;
}

}  // namespace guestd::commands
