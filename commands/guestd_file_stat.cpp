// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <cerrno>
#include <string>
#include <utility>

#include "base/limits.hpp"
#include "commands/context.hpp"
#include "commands/file_status_reply.hpp"
#include "commands/file_target.hpp"
#include "generated/commands.hpp"
#include "platform/account_names.hpp"
#include "platform/file_status.hpp"

namespace guestd::commands {

namespace {

constexpr const char* kWhat = "look at";

Result<platform::DataExtents> data_of(const FileTarget& target, const platform::FileStatus& status, std::int64_t from) {
  if (status.type != platform::FileType::kRegular) return Error{"only regular files tell where they have data", EINVAL};
  const auto file = platform::reopen_file(target.fd.get(), O_RDONLY);
  if (!file) return file.error();
  return platform::data_extents(file->get(), from, limits::kFileExtents);
}

void add(const platform::DataExtents& extents, GuestdFileStatResult& result) {
  auto& data = result.data.emplace();
  data.reserve(extents.pieces.size());
  for (const auto& piece : extents.pieces) {
    GuestdFileExtent& extent = data.emplace_back();
    extent.offset = piece.offset_bytes;
    extent.length = piece.length_bytes;
  }
  result.data_next = extents.next;
}

}  // namespace

Result<GuestdFileStatResult> guestd_file_stat(Context& context, const GuestdFileStatArgs& args) {
  if (auto checked = check_not_negative("data-from", args.data_from); !checked) return std::move(checked).error();
  const auto target = find_target(context, FileUse::kRead, kWhat, args.path, args.handle, args.follow);
  if (!target) return target.error();
  const auto status = platform::file_status(target->fd.get());
  if (!status) return file_error(kWhat, target->name, status.error());
  platform::AccountNames names(context.host.root);
  GuestdFileStatResult result;
  result.status = file_status_reply(*status, names);
  if (!args.data_from) return result;
  const auto extents = data_of(*target, *status, *args.data_from);
  if (!extents) return file_error(kWhat, target->name, extents.error());
  add(*extents, result);
  return result;
}

}  // namespace guestd::commands
