// SPDX-License-Identifier: Apache-2.0
#include "commands/file_target.hpp"

#include <cerrno>
#include <cstddef>
#include <utility>

#include "base/text.hpp"
#include "platform/file_status.hpp"

namespace guestd::commands {

namespace {

Result<FileTarget> by_handle(Context& context, const std::string& what, std::int64_t handle) {
  std::string name = "handle '" + std::to_string(handle) + "'";
  // Calls before this one have had their effect once it is our turn. The file itself is not needed for long.
  auto file = context.files.use(handle);
  if (!file) return std::move(file).error();
  auto fd = (*file)->duplicate();
  if (!fd) return file_error(what, name, fd.error());
  return FileTarget{*std::move(fd), std::move(name)};
}

Result<FileTarget> find(Context& context, const std::string& what, const std::optional<std::string>& path,
                        const std::optional<std::int64_t>& handle, const std::optional<bool>& follow) {
  if (path.has_value() == handle.has_value()) return Error{"exactly one of 'path' and 'handle' has to be there"};
  if (handle && follow) return Error{"'follow' goes with 'path' only"};
  if (handle) return by_handle(context, what, *handle);
  if (auto checked = check_path(*path); !checked) return std::move(checked).error();
  auto fd = platform::hold_file(context.host.root, *path, follow.value_or(false));
  if (!fd) return Error::from_errno("failed to " + what + " " + quoted(*path), fd.error().errno_value);
  return FileTarget{*std::move(fd), quoted(*path)};
}

}  // namespace

std::string quoted(const std::string& path) {
  constexpr std::size_t kShownPathBytes = 4096;  // PATH_MAX
  return "'" + excerpt(path, kShownPathBytes) + "'";
}

Error file_error(const std::string& what, const std::string& name, const Error& reason) {
  const std::string text = "failed to " + what + " " + name;
  return Error{text + ": " + reason.text, reason.errno_value, reason.kind};
}

Error made_error(const std::string& kind, const std::string& path, const Error& reason) {
  const std::string name = kind + " " + quoted(path);
  if (reason.kind == Error::Kind::kRefused) return file_error("make", name, reason);
  return Error::from_errno("failed to make " + name, reason.errno_value);
}

Result<void> check_path(const std::string& path) {
  if (path.starts_with('/')) return {};
  return Error{"the path " + quoted(path) + " is not absolute"};
}

Result<void> check_not_negative(const char* argument, const std::optional<std::int64_t>& value) {
  if (!value || *value >= 0) return {};
  return Error{"value '" + std::to_string(*value) + "' is invalid for argument " + argument};
}

Result<void> check_mode(const std::optional<std::uint32_t>& mode) {
  constexpr std::uint32_t kAllBits = 07777;
  if (!mode || *mode <= kAllBits) return {};
  return Error{"value '" + std::to_string(*mode) + "' is invalid for argument mode"};
}

platform::PathCheck file_check(const Context& context, FileUse use) {
  const bool write = use == FileUse::kWrite;
  auto settings = context.settings.now();
  if (!settings->access.restricts_files(!write, write)) return {};
  return [settings = std::move(settings), write](const std::string& truth) {
    return settings->access.check_file(!write, write, truth);
  };
}

Result<FileTarget> find_target(Context& context, FileUse use, const std::string& what,
                               const std::optional<std::string>& path, const std::optional<std::int64_t>& handle,
                               const std::optional<bool>& follow) {
  auto target = find(context, what, path, handle, follow);
  if (!target) return target;
  const auto check = file_check(context, use);
  if (!check) return target;
  const auto truth = context.host.root.path_of(target->fd.get());
  if (!truth) return file_error(what, target->name, Error::from_errno("it has no place", truth.error().errno_value));
  if (auto allowed = check(*truth); !allowed) return file_error(what, target->name, allowed.error());
  return target;
}

}  // namespace guestd::commands
