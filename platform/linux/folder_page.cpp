// SPDX-License-Identifier: Apache-2.0
#include "platform/folder_page.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <limits>
#include <memory>
#include <utility>

namespace guestd::platform {

namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

Error failed(const std::string& path, int code) { return Error::from_errno("cannot list " + path, code); }

template <typename Number>
bool take_number(std::string_view& text, Number& number, bool last) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (last) return text.empty();
  if (!text.starts_with(':')) return false;
  text.remove_prefix(1);
  return true;
}

/// The open folder, standing where the cursor says, and the cursor for this folder.
struct Reading {
  Folder folder;
  FolderCursor at;
  std::string path{};  ///< where it truly lies, if there is a check
};

Result<Reading> begin_reading(const Root& root, const std::string& path, bool follow,
                              const std::optional<FolderCursor>& from, const PathCheck& check) {
  auto fd = root.open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW));
  if (!fd) return std::move(fd).error();
  std::string truth;
  if (check) {
    auto found = root.path_of(fd->get());
    if (!found) return std::move(found).error();
    truth = *std::move(found);
    if (auto allowed = check(truth); !allowed) return std::move(allowed).error();
  }
  struct stat status {};
  if (::fstat(fd->get(), &status) < 0) return failed(path, errno);
  const FolderCursor here{{major(status.st_dev), minor(status.st_dev)}, status.st_ino, from ? from->place : 0};
  if (from && *from != here) return failed(path, ESTALE);
  if (from && ::lseek(fd->get(), from->place, SEEK_SET) < 0) return failed(path, errno);
  Folder folder(::fdopendir(fd->get()));
  if (!folder) return failed(path, errno);
  (void)fd->release();
  return Reading{std::move(folder), here, std::move(truth)};
}

Result<FileStatus> entry_status(const Reading& reading, const std::string& name, const PathCheck& check) {
  if (check) {
    const std::string path = (reading.path == "/" ? std::string() : reading.path) + "/" + name;
    if (auto allowed = check(path); !allowed) return std::move(allowed).error();
  }
  return file_status(::dirfd(reading.folder.get()), name);
}

bool is_dots(std::string_view name) { return name == "." || name == ".."; }

}  // namespace

std::optional<FolderCursor> parse_folder_cursor(std::string_view text) {
  FolderCursor cursor;
  const bool whole = take_number(text, cursor.file_system.major, false) &&
                     take_number(text, cursor.file_system.minor, false) && take_number(text, cursor.inode, false) &&
                     take_number(text, cursor.place, true);
  if (!whole || cursor.place < 0) return std::nullopt;
  return cursor;
}

std::string to_string(const FolderCursor& cursor) {
  return to_string(cursor.file_system) + ":" + std::to_string(cursor.inode) + ":" + std::to_string(cursor.place);
}

Result<FolderPage> folder_page(const Root& root, const std::string& path, bool follow,
                               const std::optional<FolderCursor>& from, const FolderLimits& limits,
                               const PathCheck& check) {
  auto reading = begin_reading(root, path, follow, from, check);
  if (!reading) return std::move(reading).error();
  FolderPage page;
  std::size_t text_bytes = 0;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(reading->folder.get());
    if (entry == nullptr && errno != 0) return failed(path, errno);
    if (entry == nullptr) return page;
    const std::string name = entry->d_name;
    if (is_dots(name)) continue;
    if (page.entries.size() == limits.entries || text_bytes >= limits.text_bytes) {
      page.next = reading->at;
      return page;
    }
    reading->at.place = entry->d_off;
    auto status = entry_status(*reading, name, check);
    if (!status && status.error().errno_value == ENOENT) continue;
    text_bytes += name.size() + (status && status->target ? status->target->size() : 0);
    page.entries.push_back({name, std::move(status)});
  }
}

}  // namespace guestd::platform
