// SPDX-License-Identifier: Apache-2.0
#include "client/copy/download.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "client/copy/checksum.hpp"
#include "client/copy/host_file.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::copy {
namespace {

/// Files of /proc say that they are empty, and are not; more than this is no such file.
constexpr std::int64_t kUnknownSizeBytes = std::int64_t{64} << 20U;

Result<void> require_regular(const agent::GuestdFileStatus& status, const std::string& path) {
  if (status.type == agent::GuestdFileType::kRegular) return {};
  return Error{path + " is no regular file of the guest"};
}

/// One file on its way.
class FileDownload {
 public:
  FileDownload(GuestFile& from, int to, std::string path, const Settings& settings)
      : from_(from), to_(to), path_(std::move(path)), settings_(settings) {}

  /// Brings what follows on `begin`; tells where the file ends, which may be before `size`.
  Result<std::int64_t> bring_bytes(std::int64_t begin, std::int64_t size) {
    auto received = bring_piece(begin, size == 0 ? kUnknownSizeBytes : size - begin);
    if (!received) return received;
    return begin + *received;
  }

  /// The same hole by hole.
  Result<void> bring_data(std::int64_t begin, std::int64_t size) {
    auto extents = from_.extents(size);
    if (!extents) return std::move(extents).error();
    std::int64_t over = begin;
    for (const auto& extent : *extents) {
      const std::int64_t end = extent.offset + extent.length;
      if (end <= begin) continue;
      const std::int64_t at = std::max(extent.offset, begin);
      count(at - over);
      if (auto brought = bring_piece(at, end - at); !brought) return std::move(brought).error();
      over = end;
    }
    count(size - over);
    return {};
  }

  /// What is there already and can stay.
  Result<std::int64_t> beginning(std::int64_t size) {
    struct stat present {};
    if (::fstat(to_, &present) != 0) return Error::from_errno("cannot look at " + path_, errno);
    if (present.st_size == 0 || present.st_size > size) return std::int64_t{0};
    return same_beginning(from_, to_, present.st_size, settings_);
  }

  Result<void> compare(std::int64_t size) {
    return settings_.checksum && size > 0 ? require_same(from_, to_, size, path_) : Result<void>();
  }

 private:
  Result<std::int64_t> bring_piece(std::int64_t offset, std::int64_t length) {
    if (auto moved = offset == 0 ? Result<void>() : from_.seek(offset); !moved) return std::move(moved).error();
    std::int64_t at = offset;
    return from_.read(length, [&](std::span<const char> bytes) -> Result<void> {
      auto written = write_all(to_, bytes, at);
      if (!written) return std::move(written).error().with_context(path_);
      at += static_cast<std::int64_t>(bytes.size());
      count(static_cast<std::int64_t>(bytes.size()));
      return {};
    });
  }

  void count(std::int64_t bytes) {
    if (settings_.progress != nullptr) settings_.progress->add(bytes);
  }

  GuestFile& from_;
  int to_;
  std::string path_;
  const Settings& settings_;
};

Result<void> set_size(int to, std::int64_t size, const std::string& path) {
  if (::ftruncate(to, size) == 0) return {};
  return Error::from_errno("cannot write " + path, errno);
}

/// From an agent that knows bytes alone.
Result<void> bring_bytes(GuestFile& from, int to, const std::string& path, const Settings& settings) {
  auto size = from.size();
  if (!size) return std::move(size).error();
  FileDownload download(from, to, path, settings);
  auto begin = settings.resume ? download.beginning(*size) : Result<std::int64_t>(0);
  if (!begin) return std::move(begin).error();
  if (settings.progress != nullptr) settings.progress->skip(*begin);
  if (auto cut = set_size(to, *begin, path); !cut) return cut;
  auto end = download.bring_bytes(*begin, *size);
  if (!end) return std::move(end).error();
  // Files of /sys say that they are longer than they are.
  return download.compare(std::min(*end, *size));
}

Result<void> bring_file(GuestFile& from, int to, const std::string& path, const Settings& settings) {
  auto status = from.status();
  if (!status) return std::move(status).error();
  if (auto regular = require_regular(*status, path); !regular) return regular;
  const std::int64_t size = std::max<std::int64_t>(status->size, 0);
  FileDownload download(from, to, path, settings);
  auto begin = settings.resume ? download.beginning(size) : Result<std::int64_t>(0);
  if (!begin) return std::move(begin).error();
  if (settings.progress != nullptr) settings.progress->skip(*begin);
  // It grows as its bytes come, so that what is there after an interrupt is its beginning; holes are what is passed
  // over.
  if (auto cut = set_size(to, *begin, path); !cut) return cut;
  if (size == 0) {
    if (auto brought = download.bring_bytes(0, 0); !brought) return std::move(brought).error();
  } else {
    if (auto brought = download.bring_data(*begin, size); !brought) return brought;
    if (auto whole = set_size(to, size, path); !whole) return whole;
  }
  if (auto same = download.compare(size); !same) return same;
  return set_attributes(to, *status, path, settings);
}

/// A folder of the guest, with all that is in it.
class FolderDownload {
 public:
  FolderDownload(const Guest& guest, const Settings& settings) : guest_(guest), settings_(settings) {}

  Result<void> bring(const std::string& path, const HostFolder& folder, int depth) {
    if (depth > kDeepest) return Error{path + ": there are too many folders in folders"};
    std::optional<std::string> cursor;
    do {
      agent::GuestdFileListArgs args;
      args.path = path;
      args.follow = depth == 0;
      args.cursor = cursor;
      auto page = ask<agent::calls::GuestdFileList>(guest_, args);
      if (!page) return std::move(page).error();
      // A page without entries that promises more would go on for ever.
      if (page->entries.empty() && page->cursor) return Error{path + ": the agent's list of the folder has no end"};
      for (const auto& entry : page->entries) {
        // As it is, for messages: what is not UTF-8 stands in `name` as something else.
        auto brought = bring_entry(path + "/" + entry.name_b64.value_or(entry.name), entry, folder, depth);
        if (!brought && !pass_over(brought.error(), settings_, whole_)) return brought;
      }
      cursor = std::move(page->cursor);
    } while (cursor);
    return {};
  }

  [[nodiscard]] bool whole() const { return whole_; }

 private:
  Result<void> bring_entry(const std::string& path, const agent::GuestdFolderEntry& entry, const HostFolder& folder,
                           int depth) {
    if (entry.name_b64)
      return Error{path + ": its name is not UTF-8, so the agent cannot be told of it; it is left out"};
    if (!is_plain_name(entry.name))
      return Error{"the guest tells of a file with the name '" + entry.name + "', which cannot be"};
    if (!entry.status) return Error{path + ": " + entry.error.value_or("the guest does not tell what it is")};
    switch (entry.status->type) {
      case agent::GuestdFileType::kRegular:
        return download_file(guest_, path, folder, entry.name, settings_);
      case agent::GuestdFileType::kDirectory:
        return bring_folder(path, entry.name, *entry.status, folder, depth);
      case agent::GuestdFileType::kSymlink:
        if (entry.status->target_b64) return Error{path + ": what it points to is not UTF-8; it is left out"};
        return folder.make_link(entry.name, entry.status->target.value_or(""));
      default:
        return Error{path + " is a " + std::string(agent::to_string(entry.status->type)) + "; it is left out"};
    }
  }

  Result<void> bring_folder(const std::string& path, const std::string& name, const agent::GuestdFileStatus& status,
                            const HostFolder& folder, int depth) {
    auto inside = folder.enter(name);
    if (!inside) return std::move(inside).error();
    if (auto brought = bring(path, *inside, depth + 1); !brought) return brought;
    return set_attributes(inside->fd(), status, inside->path(), settings_);
  }

  const Guest& guest_;
  const Settings& settings_;
  bool whole_ = true;
};

}  // namespace

Result<void> download_to_pipe(const Guest& guest, const std::string& path, int fd, const Settings& settings) {
  auto from = GuestFile::open(guest, path, "r");
  if (!from) return std::move(from).error();
  auto size = from->size();
  if (!size) return std::move(size).error();
  auto received = from->read(*size == 0 ? kUnknownSizeBytes : *size, [&](std::span<const char> bytes) -> Result<void> {
    if (settings.progress != nullptr) settings.progress->add(static_cast<std::int64_t>(bytes.size()));
    return write_all(fd, bytes, std::nullopt);
  });
  if (!received) return std::move(received).error();
  return {};
}

Result<void> download_file(const Guest& guest, const std::string& path, const HostFolder& folder,
                           const std::string& name, const Settings& settings) {
  if (settings.progress != nullptr) settings.progress->begin(name);
  auto from = GuestFile::open(guest, path, "r");
  if (!from) return std::move(from).error();
  auto to = folder.open_file(name);
  if (!to) return std::move(to).error();
  const auto bring = guest.knows_attributes ? bring_file : bring_bytes;
  if (auto brought = bring(*from, to->get(), folder.path_of(name), settings); !brought) return brought;
  // Where a full disk of a network may show.
  if (::close(to->release()) != 0) return Error::from_errno("cannot write " + folder.path_of(name), errno);
  return {};
}

Result<bool> download_folder(const Guest& guest, const std::string& path, const HostFolder& folder,
                             const std::string& name, const Settings& settings) {
  auto status = status_at(guest, path, true);
  if (!status) return std::move(status).error();
  if (!*status) return Error{path + ": there is no such folder in the guest"};
  auto inside = folder.enter(name);
  if (!inside) return std::move(inside).error();
  FolderDownload download(guest, settings);
  if (auto brought = download.bring(path, *inside, 0); !brought) return std::move(brought).error();
  if (auto set = set_attributes(inside->fd(), **status, inside->path(), settings); !set) return std::move(set).error();
  return download.whole();
}

}  // namespace guestd::copy
