// SPDX-License-Identifier: Apache-2.0
#include "client/copy/upload.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"
#include "base/utf8.hpp"
#include "client/copy/checksum.hpp"
#include "client/copy/host_file.hpp"
#include "client/copy/host_tree.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::copy {
namespace {

constexpr std::uint32_t kModeBits = 07777;
constexpr std::uint32_t kOwnerOnly = 0700;

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

/// By name where this host has one: the guest may have another number for it.
void add_owner(const struct stat& state, agent::GuestdFileSetAttributesArgs& attributes) {
  attributes.uid = state.st_uid;
  attributes.gid = state.st_gid;
  auto [user, group] = names_of_owners(state);
  if (!user.empty()) attributes.user = std::move(user);
  if (!group.empty()) attributes.group = std::move(group);
}

agent::GuestdFileSetAttributesArgs attributes_of(const struct stat& state, const Settings& settings) {
  agent::GuestdFileSetAttributesArgs attributes;
  attributes.mode = static_cast<std::uint32_t>(state.st_mode) & kModeBits;
  attributes.access_time = nanoseconds(state.st_atim);
  attributes.modify_time = nanoseconds(state.st_mtim);
  if (settings.owners) add_owner(state, attributes);
  return attributes;
}

/// One regular file on its way.
class FileUpload {
 public:
  FileUpload(const Guest& guest, int from, std::string source, const Settings& settings)
      : guest_(guest), from_(from), source_(std::move(source)), settings_(settings), piece_(kWriteBytes) {}

  Result<void> send(const std::string& path) {
    struct stat state {};
    if (::fstat(from_, &state) != 0) return Error::from_errno("cannot read " + source_, errno);
    auto begin = open(path, state);
    if (!begin) return std::move(begin).error();
    if (settings_.progress != nullptr) settings_.progress->skip(*begin);
    if (guest_.knows_attributes) return send_with_attributes(*begin, state);
    return send_bytes(*begin, state.st_size);
  }

 private:
  /// Where to begin: behind what is there already, if that is the beginning of the file.
  Result<std::int64_t> open(const std::string& path, const struct stat& state) {
    if (settings_.resume) {
      auto there = go_on_with(path, state);
      if (!there || *there) return there ? Result<std::int64_t>(**there) : std::move(there).error();
    }
    auto file = GuestFile::open(guest_, path, "w+");
    if (!file) return std::move(file).error();
    to_.emplace(*std::move(file));
    // What others may not read here, they may not read there either, not even for a moment.
    if (guest_.knows_attributes && (state.st_mode & 0077U) != 0077U) {
      agent::GuestdFileSetAttributesArgs closed;
      closed.mode = static_cast<std::uint32_t>(state.st_mode) & kOwnerOnly;
      if (auto set = to_->set_attributes(std::move(closed)); !set) return std::move(set).error();
    }
    return std::int64_t{0};
  }

  /// Opens what is there. Nothing if it must be made anew: other agents than guestd cut nothing off but all.
  Result<std::optional<std::int64_t>> go_on_with(const std::string& path, const struct stat& state) {
    auto file = GuestFile::open(guest_, path, "r+");
    if (!file) return std::optional<std::int64_t>();
    to_.emplace(*std::move(file));
    auto present = present_bytes();
    if (!present) return std::move(present).error();
    std::int64_t same = 0;
    if (*present > 0 && *present <= state.st_size) {
      auto known = same_beginning(*to_, from_, *present, settings_);
      if (!known) return std::move(known).error();
      same = *known;
    }
    if (guest_.knows_attributes) {
      agent::GuestdFileSetAttributesArgs cut;
      cut.size = same;
      if (auto set = to_->set_attributes(std::move(cut)); !set) return std::move(set).error();
    } else if (same == 0) {
      to_.reset();
      return std::optional<std::int64_t>();
    }
    return std::optional(same);
  }

  Result<std::int64_t> present_bytes() {
    if (!guest_.knows_attributes) return to_->size();
    auto status = to_->status();
    if (!status) return std::move(status).error();
    return status->size;
  }

  Result<void> send_with_attributes(std::int64_t begin, const struct stat& state) {
    if (auto sent = send_data(begin, state.st_size); !sent) return sent;
    if (auto stored = to_->finish_writes(); !stored) return stored;
    if (auto finished = finish(state); !finished) return finished;
    return to_->close();
  }

  /// To an agent that knows bytes alone. What it has been told it may keep to itself until the file is closed.
  Result<void> send_bytes(std::int64_t begin, std::int64_t size) {
    if (auto moved = begin == 0 ? Result<void>() : to_->seek(begin); !moved) return moved;
    if (auto sent = send_piece(begin, size - begin); !sent) return sent;
    if (auto stored = to_->finish_writes(); !stored) return stored;
    if (begin > 0) {
      auto there = to_->size();
      if (!there) return std::move(there).error();
      if (*there != size) return Error{to_->path() + " has changed in the guest while it was copied"};
    }
    if (auto closed = to_->close(); !closed) return closed;
    return settings_.checksum && size > 0 ? require_same(*to_, from_, size, source_) : Result<void>();
  }

  /// Holes are left out, and made by the size at the end.
  Result<void> send_data(std::int64_t begin, std::int64_t size) {
    std::int64_t at = begin;
    std::int64_t stands = 0;
    for (const tar::Extent& extent : data_of(from_, size)) {
      const std::int64_t end = extent.offset + extent.length;
      const std::int64_t data = std::max(extent.offset, begin);
      if (data >= end) continue;
      count(data - at);
      if (data != stands) {
        if (auto stored = to_->finish_writes(); !stored) return stored;
        if (auto moved = to_->seek(data); !moved) return moved;
      }
      if (auto sent = send_piece(data, end - data); !sent) return sent;
      at = stands = end;
    }
    count(size - at);
    return {};
  }

  Result<void> send_piece(std::int64_t offset, std::int64_t length) {
    while (length > 0) {
      const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(length, kWriteBytes));
      const ssize_t got = ::pread(from_, piece_.data(), wanted, offset);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Error::from_errno("cannot read " + source_, errno);
      if (got == 0) return Error{source_ + " has become shorter while it was copied"};
      if (auto sent = to_->write({piece_.data(), static_cast<std::size_t>(got)}); !sent) return sent;
      offset += got;
      length -= got;
      count(got);
    }
    return {};
  }

  Result<void> finish(const struct stat& state) {
    auto attributes = attributes_of(state, settings_);
    attributes.size = state.st_size;
    if (settings_.checksum && state.st_size > 0) {
      agent::GuestdFileSetAttributesArgs whole;
      whole.size = state.st_size;
      if (auto set = to_->set_attributes(std::move(whole)); !set) return set;
      if (auto same = require_same(*to_, from_, state.st_size, source_); !same) return same;
    }
    return to_->set_attributes(std::move(attributes));
  }

  void count(std::int64_t bytes) {
    if (settings_.progress != nullptr) settings_.progress->add(bytes);
  }

  const Guest& guest_;
  int from_;
  std::string source_;
  const Settings& settings_;
  std::vector<char> piece_;
  std::optional<GuestFile> to_;
};

/// A folder of the host, with all that is in it, to an agent that knows folders.
class FolderUpload : public TreeVisitor {
 public:
  FolderUpload(const Guest& guest, std::string target, const Settings& settings)
      : guest_(guest), target_(std::move(target)), settings_(settings) {}

  /// For the agent alone until all is in it.
  Result<void> begin_folder(const std::string& path, const std::string& source, const struct stat& /*state*/) override {
    if (auto named = check_name(path, source); !named) return named;
    agent::GuestdFileMakeDirectoryArgs args;
    args.path = there(path);
    args.mode = kOwnerOnly;
    auto made = ask<agent::calls::GuestdFileMakeDirectory>(guest_, args);
    if (made) return {};
    auto present = status_at(guest_, args.path, true);
    const bool folder = present && *present && (*present)->type == agent::GuestdFileType::kDirectory;
    return folder ? Result<void>() : std::move(made).error();
  }

  Result<void> end_folder(const std::string& path, const struct stat& state) override {
    auto attributes = attributes_of(state, settings_);
    attributes.path = there(path);
    return ask<agent::calls::GuestdFileSetAttributes>(guest_, attributes);
  }

  Result<void> file(int fd, const std::string& path, const std::string& source) override {
    if (auto named = check_name(path, source); !named) return named;
    if (settings_.progress != nullptr) settings_.progress->begin(path.substr(path.rfind('/') + 1));
    return FileUpload(guest_, fd, source, settings_).send(there(path));
  }

  Result<void> link(const std::string& target, const std::string& path, const std::string& source,
                    const struct stat& state) override {
    if (auto named = check_name(path, source); !named) return named;
    if (!utf8::is_valid(target)) return Error{source + ": what it points to is not UTF-8; it is left out"};
    agent::GuestdFileMakeLinkArgs args;
    args.path = there(path);
    args.target = target;
    args.replace = true;
    if (auto made = ask<agent::calls::GuestdFileMakeLink>(guest_, args); !made) return std::move(made).error();
    auto attributes = attributes_of(state, settings_);
    attributes.path = args.path;
    attributes.mode.reset();
    return ask<agent::calls::GuestdFileSetAttributes>(guest_, attributes);
  }

 private:
  [[nodiscard]] std::string there(const std::string& path) const {
    return path.empty() ? target_ : target_ + "/" + path;
  }

  [[nodiscard]] Result<void> check_name(const std::string& path, const std::string& source) const {
    if (utf8::is_valid(there(path))) return {};
    return Error{source + ": its name is not UTF-8, so the agent cannot be told of it; it is left out"};
  }

  const Guest& guest_;
  std::string target_;
  const Settings& settings_;
};

}  // namespace

Result<void> upload_pipe(const Guest& guest, int fd, const std::string& path, const Settings& settings) {
  auto to = GuestFile::open(guest, path, "w");
  if (!to) return std::move(to).error();
  std::vector<char> piece(kWriteBytes);
  for (;;) {
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error::from_errno("cannot read standard input", errno);
    if (got == 0) break;
    if (auto sent = to->write({piece.data(), static_cast<std::size_t>(got)}); !sent) return sent;
    if (settings.progress != nullptr) settings.progress->add(got);
  }
  if (auto stored = to->finish_writes(); !stored) return stored;
  return to->close();
}

Result<void> upload_file(const Guest& guest, const std::string& source, const std::string& path,
                         const Settings& settings) {
  auto file = open_regular(AT_FDCWD, source, source, 0);
  if (!file) return std::move(file).error();
  if (settings.progress != nullptr) settings.progress->begin(source.substr(source.rfind('/') + 1));
  return FileUpload(guest, file->get(), source, settings).send(path);
}

Result<bool> upload_folder(const Guest& guest, const std::string& source, const std::string& path,
                           const Settings& settings) {
  FolderUpload upload(guest, path, settings);
  bool whole = true;
  HostTree tree(upload, [&](const Error& error) { return pass_over(error, settings, whole); });
  if (auto sent = tree.walk(source); !sent) return std::move(sent).error();
  return whole;
}

}  // namespace guestd::copy
