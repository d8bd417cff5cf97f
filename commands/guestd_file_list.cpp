// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "commands/context.hpp"
#include "commands/file_status_reply.hpp"
#include "commands/file_target.hpp"
#include "generated/commands.hpp"
#include "platform/account_names.hpp"
#include "platform/folder_page.hpp"

namespace guestd::commands {

namespace {

Result<std::optional<platform::FolderCursor>> cursor_of(const GuestdFileListArgs& args) {
  if (!args.cursor) return std::optional<platform::FolderCursor>();
  const auto cursor = platform::parse_folder_cursor(*args.cursor);
  if (cursor) return cursor;
  return Error{"'" + excerpt(*args.cursor) + "' is no cursor of guestd-file-list"};
}

Result<std::size_t> count_of(const GuestdFileListArgs& args) {
  const std::int64_t count = args.count.value_or(limits::kFolderDefaultEntries);
  if (count >= 1 && count <= limits::kFolderEntries) return static_cast<std::size_t>(count);
  return Error{"value '" + std::to_string(count) + "' is invalid for argument count"};
}

Error list_error(const std::string& path, const Error& reason) {
  if (reason.kind == Error::Kind::kRefused) return file_error("list", quoted(path), reason);
  Error error = Error::from_errno("failed to list " + quoted(path), reason.errno_value);
  if (reason.errno_value == ESTALE)
    error.text = "failed to list " + quoted(path) + ": it is not the folder of the cursor";
  return error;
}

GuestdFolderEntry entry_reply(const platform::FolderEntry& entry, platform::AccountNames& names) {
  GuestdFolderEntry reply;
  reply.name = entry.name;
  reply.name_b64 = bytes_unless_utf8(entry.name);
  if (entry.status) {
    reply.status = file_status_reply(*entry.status, names);
  } else {
    reply.error = entry.status.error().text;
  }
  return reply;
}

}  // namespace

Result<GuestdFileListResult> guestd_file_list(Context& context, const GuestdFileListArgs& args) {
  if (auto checked = check_path(args.path); !checked) return std::move(checked).error();
  const auto count = count_of(args);
  if (!count) return count.error();
  const auto cursor = cursor_of(args);
  if (!cursor) return cursor.error();
  const auto page = platform::folder_page(context.host.root, args.path, args.follow.value_or(false), *cursor,
                                          {*count, limits::kFolderTextBytes}, file_check(context, FileUse::kRead));
  if (!page) return list_error(args.path, page.error());
  platform::AccountNames names(context.host.root);
  GuestdFileListResult result;
  result.entries.reserve(page->entries.size());
  for (const auto& entry : page->entries) result.entries.push_back(entry_reply(entry, names));
  if (page->next) result.cursor = platform::to_string(*page->next);
  return result;
}

}  // namespace guestd::commands
