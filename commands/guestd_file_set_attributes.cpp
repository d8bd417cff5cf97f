// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "commands/context.hpp"
#include "commands/file_target.hpp"
#include "generated/commands.hpp"
#include "platform/account_names.hpp"
#include "platform/file_attributes.hpp"

namespace guestd::commands {

namespace {

using Id = std::optional<std::uint32_t>;

Result<void> check(const GuestdFileSetAttributesArgs& args) {
  if (auto checked = check_not_negative("size", args.size); !checked) return checked;
  // The kernel takes it for "leave it as it is".
  constexpr std::uint32_t kNobodys = UINT32_MAX;
  if (args.uid == kNobodys) return Error{"value '" + std::to_string(kNobodys) + "' is invalid for argument uid"};
  if (args.gid == kNobodys) return Error{"value '" + std::to_string(kNobodys) + "' is invalid for argument gid"};
  return check_mode(args.mode);
}

/// The number that goes with a name, or where the guest does not have the name, the number beside it.
Result<Id> id_for(const std::optional<std::string>& name, const Id& number, const char* kind, const Result<Id>& found) {
  if (!name) return number;
  if (found && *found) return *found;
  if (number) return number;
  if (!found) return found.error();
  return Error{"the guest has no " + std::string(kind) + " '" + excerpt(*name) + "'"};
}

Result<platform::FileAttributes> attributes(Context& context, const GuestdFileSetAttributesArgs& args) {
  const platform::AccountNames names(context.host.root);
  const auto uid = id_for(args.user, args.uid, "user", args.user ? names.find_user(*args.user) : Id());
  if (!uid) return uid.error();
  const auto gid = id_for(args.group, args.gid, "group", args.group ? names.find_group(*args.group) : Id());
  if (!gid) return gid.error();
  return platform::FileAttributes{args.size, *uid, *gid, args.mode, args.access_time, args.modify_time};
}

}  // namespace

Result<GuestdFileSetAttributesResult> guestd_file_set_attributes(Context& context,
                                                                 const GuestdFileSetAttributesArgs& args) {
  constexpr const char* kWhat = "change";
  if (auto checked = check(args); !checked) return checked;
  const auto wanted = attributes(context, args);
  if (!wanted) return wanted.error();
  const auto target = find_target(context, FileUse::kWrite, kWhat, args.path, args.handle, args.follow);
  if (!target) return target.error();
  const auto done = platform::set_attributes(target->fd.get(), *wanted);
  if (!done) return file_error(kWhat, target->name, done.error());
  return {};
}

}  // namespace guestd::commands
