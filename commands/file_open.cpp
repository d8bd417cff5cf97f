// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/file.hpp"
#include "platform/selinux.hpp"

namespace guestd::commands {

namespace {

using platform::FileAccess;

std::optional<FileAccess> access_of(char kind, bool both_ways) {
  switch (kind) {
    case 'r':
      return FileAccess{.read = true, .write = both_ways};
    case 'w':
      return FileAccess{.read = both_ways, .write = true, .create = true, .truncate = true};
    case 'a':
      return FileAccess{.read = both_ways, .write = true, .create = true, .append = true};
    default:
      return std::nullopt;
  }
}

std::optional<FileAccess> parse_mode(std::string_view mode) {
  if (mode.empty()) return std::nullopt;
  const std::string_view rest = mode.substr(1);
  const bool both_ways = rest == "+" || rest == "b+" || rest == "+b";
  if (!both_ways && !rest.empty() && rest != "b") return std::nullopt;
  return access_of(mode.front(), both_ways);
}

Result<platform::File> open_file(Context& context, const std::string& path, const FileAccess& access) {
  const auto settings = context.settings.now();
  platform::PathCheck check;
  if (settings->access.restricts_files(access.read, access.write)) {
    check = [&](const std::string& truth) { return settings->access.check_file(access.read, access.write, truth); };
  }
  auto file = platform::File::open(context.host.root, path, access, check);
  // The process has fewer descriptors than the table has places: make room as for a full table.
  if (!file && file.error().errno_value == EMFILE && context.files.close_idle()) {
    file = platform::File::open(context.host.root, path, access, check);
  }
  // A position is shown from the start, so appending begins at the end; what has no position does not matter.
  if (file && access.append && !access.read) {
    [[maybe_unused]] const auto position = file->seek(0, platform::SeekFrom::kEnd);
  }
  return file;
}

constexpr std::size_t kShownPathBytes = 4096;  // PATH_MAX: no shorter than a path that the kernel may have looked at

std::string opening(const std::string& path, std::string_view mode) {
  std::string what = "failed to open file '" + excerpt(path, kShownPathBytes) + "' (mode: '";
  what += mode;
  what += "')";
  return what;
}

Error open_error(Context& context, const std::string& path, std::string_view mode, int code) {
  Error error = Error::from_errno(opening(path, mode), code);
  const bool refused = code == EACCES || code == EPERM;
  if (refused && platform::selinux_enforcing(context.host.root)) error.text += " (SELinux enforces its policy here)";
  return error;
}

}  // namespace

Result<FileOpenResult> file_open(Context& context, const FileOpenArgs& args) {
  const std::string mode = args.mode.value_or("r");
  const auto access = parse_mode(mode);
  if (!access) return Error{"invalid file open mode '" + excerpt(mode) + "'"};
  auto place = context.files.reserve();
  if (!place) return open_error(context, args.path, mode, EMFILE);
  auto file = open_file(context, args.path, *access);
  if (!file && file.error().kind == Error::Kind::kRefused) {
    return std::move(file).error().with_context(opening(args.path, mode));
  }
  if (!file) return open_error(context, args.path, mode, file.error().errno_value);
  return context.files.add(*std::move(place), *std::move(file));
}

}  // namespace guestd::commands
