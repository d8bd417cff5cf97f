// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include "commands/context.hpp"
#include "commands/file_target.hpp"
#include "generated/commands.hpp"
#include "platform/new_file.hpp"

namespace guestd::commands {

Result<GuestdFileMakeLinkResult> guestd_file_make_link(Context& context, const GuestdFileMakeLinkArgs& args) {
  if (auto checked = check_path(args.path); !checked) return std::move(checked).error();
  const auto made = platform::make_link(context.host.root, args.path, args.target, args.replace.value_or(false),
                                        file_check(context, FileUse::kWrite));
  if (!made) return made_error("the link", args.path, made.error());
  GuestdFileMakeLinkResult result;
  result.created = *made;
  return result;
}

}  // namespace guestd::commands
