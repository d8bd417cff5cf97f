// SPDX-License-Identifier: Apache-2.0
#include "platform/freeze_marker.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <utility>

#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "platform/replace_file.hpp"

namespace guestd::platform {

namespace {

constexpr std::string_view kFirstLine = "guestd-freeze 1";
constexpr std::string_view kLastLine = "end";  // without it the text is only a part
constexpr std::size_t kMostBytes = 1U << 20U;
constexpr std::size_t kMostEntries = 100'000;
constexpr std::size_t kMostHooks = 1024;

// Paths may hold any byte but NUL; a newline or backslash would end or confuse the line.
std::string escape(std::string_view path) {
  std::string text;
  for (const char character : path) {
    if (character == '\n') {
      text += "\\n";
    } else if (character == '\\') {
      text += "\\\\";
    } else {
      text += character;
    }
  }
  return text;
}

std::optional<std::string> unescape_path(std::string_view text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\0') return std::nullopt;
    if (text[i] != '\\') {
      path += text[i];
      continue;
    }
    ++i;
    if (i == text.size() || (text[i] != 'n' && text[i] != '\\')) return std::nullopt;
    path += text[i] == 'n' ? '\n' : '\\';
  }
  if (!path.starts_with('/')) return std::nullopt;
  return path;
}

bool to_time(std::string_view text, std::chrono::nanoseconds& time) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) return false;
  time = std::chrono::nanoseconds(number);
  return true;
}

bool is_boot_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("0123456789abcdefABCDEF-") == std::string_view::npos;
}

bool take_phase(std::string_view value, FreezeMarker& marker) {
  marker.phase = value == "frozen" ? FreezeMarker::Phase::kFrozen : FreezeMarker::Phase::kFreezing;
  return value == "frozen" || value == "freezing";
}

bool take_file_system(std::string_view value, FreezeMarker& marker) {
  const std::size_t blank = value.find(' ');
  if (blank == std::string_view::npos || marker.file_systems.size() == kMostEntries) return false;
  const auto device = parse_device_number(value.substr(0, blank));
  auto path = unescape_path(value.substr(blank + 1));
  if (!device || !path) return false;
  marker.file_systems.push_back({*device, *std::move(path)});
  return true;
}

bool take_hook(std::string_view value, FreezeMarker& marker) {
  auto path = unescape_path(value);
  if (!path || marker.hooks.size() == kMostHooks) return false;
  marker.hooks.push_back(*std::move(path));
  return true;
}

bool take_line(std::string_view line, FreezeMarker& marker) {
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return false;
  const std::string_view key = line.substr(0, blank);
  const std::string_view value = line.substr(blank + 1);
  if (key == "boot") {
    marker.boot_id = value;
    return is_boot_id(value);
  }
  if (key == "phase") return take_phase(value, marker);
  if (key == "since") return to_time(value, marker.since);
  if (key == "deadline") return to_time(value, marker.deadline);
  if (key == "filesystem") return take_file_system(value, marker);
  if (key == "hook") return take_hook(value, marker);
  return false;
}

// What root acts on must come from root.
Result<void> check_owner(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return Error::from_errno("cannot read " + path, errno);
  const bool is_ours = status.st_uid == 0 || status.st_uid == ::geteuid();
  if (!S_ISREG(status.st_mode) || !is_ours || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error{path + " was not written by the agent"};
  }
  return {};
}

Result<std::string> read_all(int fd, const std::string& path) {
  std::string text;
  std::array<char, 4096> piece{};
  while (text.size() <= kMostBytes) {
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count == 0) return text;
    if (count > 0) {
      text.append(piece.data(), static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return Error::from_errno("cannot read " + path, errno);
    }
  }
  return Error{path + " is larger than 1 MiB"};
}

}  // namespace

std::string format_freeze_marker(const FreezeMarker& marker) {
  std::string text = std::string(kFirstLine) + "\n";
  const auto add = [&](std::string_view key, std::string_view value) {
    text.append(key).append(" ").append(value).append("\n");
  };
  add("boot", marker.boot_id);
  add("phase", marker.phase == FreezeMarker::Phase::kFrozen ? "frozen" : "freezing");
  add("since", std::to_string(marker.since.count()));
  add("deadline", std::to_string(marker.deadline.count()));
  for (const auto& one : marker.file_systems) add("filesystem", to_string(one.device) + " " + escape(one.mountpoint));
  for (const auto& hook : marker.hooks) add("hook", escape(hook));
  return text.append(kLastLine).append("\n");
}

Result<FreezeMarker> parse_freeze_marker(std::string_view text) {
  FreezeMarker marker;
  bool complete = false;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (number == 1 && line != kFirstLine) return Error{"it does not begin with '" + std::string(kFirstLine) + "'"};
    if (number == 1) continue;
    complete = line == kLastLine;
    if (complete) break;
    if (!take_line(line, marker)) {
      return Error{"line " + std::to_string(number) + " is not understood: " + excerpt(line, 80)};
    }
  }
  if (!complete || !text.empty()) return Error{"it does not end where it should"};
  if (marker.boot_id.empty()) return Error{"it does not say which boot it belongs to"};
  return marker;
}

FreezeMarkerFile::FreezeMarkerFile(const std::string& state_directory)
    : folder_(state_directory), path_(state_directory + "/guestd.frozen") {}

Result<std::optional<FreezeMarker>> FreezeMarkerFile::read() const {
  const UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) return std::optional<FreezeMarker>();
  if (!fd.valid()) return Error::from_errno("cannot read " + path_, errno);
  if (auto checked = check_owner(fd.get(), path_); !checked) return std::move(checked).error();
  const auto text = read_all(fd.get(), path_);
  if (!text) return text.error();
  auto marker = parse_freeze_marker(*text);
  if (!marker) return std::move(marker).error().with_context(path_);
  return std::optional(*std::move(marker));
}

Result<void> FreezeMarkerFile::write(const FreezeMarker& marker) const {
  return replace_file(path_, format_freeze_marker(marker));
}

void FreezeMarkerFile::remove() const { (void)::unlink(path_.c_str()); }

bool FreezeMarkerFile::is_in_memory() const {
  struct statfs status {};
  if (::statfs(folder_.c_str(), &status) != 0) return false;
  return status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC;
}

Result<std::string> boot_id(const Root& root) {
  auto text = root.read_file("/proc/sys/kernel/random/boot_id");
  if (!text) return text;
  while (text->ends_with('\n')) text->pop_back();
  if (!is_boot_id(*text)) return Error{"the kernel's boot id is not understood"};
  return text;
}

}  // namespace guestd::platform
