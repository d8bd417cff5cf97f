// SPDX-License-Identifier: Apache-2.0
#include "client/copy/upload.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"
#include "base/utf8.hpp"
#include "client/copy/checksum.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::copy {
namespace {

/// What is read here and handed over at once.
constexpr std::size_t kPiece = std::size_t{1} << 20U;
constexpr std::uint32_t kModeBits = 07777;
constexpr std::uint32_t kOwnerOnly = 0700;

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

/// By name where this host has one: the guest may have another number for it.
void add_owner(const struct stat& state, agent::GuestdFileSetAttributesArgs& attributes) {
  attributes.uid = state.st_uid;
  attributes.gid = state.st_gid;
  if (const passwd* const user = ::getpwuid(state.st_uid)) attributes.user = user->pw_name;
  if (const group* const group = ::getgrgid(state.st_gid)) attributes.group = group->gr_name;
}

agent::GuestdFileSetAttributesArgs attributes_of(const struct stat& state, const Settings& settings) {
  agent::GuestdFileSetAttributesArgs attributes;
  attributes.mode = static_cast<std::uint32_t>(state.st_mode) & kModeBits;
  attributes.access_time = nanoseconds(state.st_atim);
  attributes.modify_time = nanoseconds(state.st_mtim);
  if (settings.owners) add_owner(state, attributes);
  return attributes;
}

template <typename C>
Result<typename C::Returns> ask(const Guest& guest, const typename C::Arguments& arguments) {
  auto reply = guest.connection.call(protocol::make_call<C>(arguments), guest.limit);
  if (!reply) return std::move(reply).error();
  return protocol::read_reply<C>(*reply);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8::sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

/// One regular file on its way.
class FileUpload {
 public:
  FileUpload(const Guest& guest, int from, std::string source, const Settings& settings)
      : guest_(guest), from_(from), source_(std::move(source)), settings_(settings), piece_(kPiece) {}

  Result<void> send(const std::string& path) {
    struct stat state {};
    if (::fstat(from_, &state) != 0) return Error::from_errno("cannot read " + source_, errno);
    auto begin = open(path, state);
    if (!begin) return std::move(begin).error();
    if (settings_.progress != nullptr) settings_.progress->skip(*begin);
    if (auto sent = guest_.knows_attributes ? send_data(*begin, state.st_size) : send_piece(0, state.st_size); !sent)
      return sent;
    if (auto stored = to_->finish_writes(); !stored) return stored;
    if (guest_.knows_attributes) {
      if (auto finished = finish(state); !finished) return finished;
    }
    return to_->close();
  }

 private:
  /// Where to begin: behind what is there already, if that is the beginning of the file.
  Result<std::int64_t> open(const std::string& path, const struct stat& state) {
    if (settings_.resume && guest_.knows_attributes) {
      auto file = GuestFile::open(guest_, path, "r+");
      if (file) {
        to_.emplace(*std::move(file));
        return beginning(state);
      }
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

  Result<std::int64_t> beginning(const struct stat& state) {
    auto present = to_->status();
    if (!present) return std::move(present).error();
    std::int64_t same = 0;
    if (present->size > 0 && present->size <= state.st_size) {
      auto theirs = to_->sha256(present->size);
      if (!theirs) return std::move(theirs).error();
      auto ours = sha256_of(from_, present->size);
      if (!ours) return std::move(ours).error();
      if (*theirs && *ours && **theirs == **ours) same = present->size;
    }
    agent::GuestdFileSetAttributesArgs cut;
    cut.size = same;
    if (auto set = to_->set_attributes(std::move(cut)); !set) return std::move(set).error();
    return same;
  }

  /// Holes are left out, and made by the size at the end.
  Result<void> send_data(std::int64_t begin, std::int64_t size) {
    std::int64_t at = begin;
    std::int64_t stands = 0;
    while (at < size) {
      off_t data = ::lseek(from_, at, SEEK_DATA);
      if (data < 0 && errno == ENXIO) break;
      if (data < 0) data = at;  // a file system that knows no holes
      off_t end = ::lseek(from_, data, SEEK_HOLE);
      if (end < 0) end = size;
      end = std::min<off_t>(end, size);
      if (data >= end) break;
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
      const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(length, kPiece));
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
      if (auto same = compare(state.st_size); !same) return same;
    }
    return to_->set_attributes(std::move(attributes));
  }

  Result<void> compare(std::int64_t size) {
    auto theirs = to_->sha256(size);
    if (!theirs) return std::move(theirs).error();
    auto ours = sha256_of(from_, size);
    if (!ours) return std::move(ours).error();
    if (*theirs && *ours && **theirs != **ours) {
      return Error{source_ + ": the checksums differ; it may have changed while it was copied"};
    }
    return {};
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

Result<UniqueFd> open_regular(int folder, const std::string& name, const std::string& shown, int flags) {
  UniqueFd file(::openat(folder, name.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags));
  if (!file.valid()) return Error::from_errno("cannot read " + shown, errno);
  struct stat state {};
  if (::fstat(file.get(), &state) != 0) return Error::from_errno("cannot read " + shown, errno);
  if (!S_ISREG(state.st_mode)) return Error{shown + " is no regular file"};
  return file;
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

/// A folder of the host, with all that is in it.
class FolderUpload {
 public:
  FolderUpload(const Guest& guest, const Settings& settings) : guest_(guest), settings_(settings) {}

  Result<void> send(UniqueFd folder, const std::string& source, const std::string& path, int depth) {
    if (depth > kDeepest) return Error{source + ": there are too many folders in folders"};
    struct stat state {};
    if (::fstat(folder.get(), &state) != 0) return Error::from_errno("cannot read " + source, errno);
    if (auto made = make(path); !made) return made;
    const Folder open(::fdopendir(folder.get()));
    if (!open) return Error::from_errno("cannot read " + source, errno);
    const int fd = folder.release();
    while (const dirent* const entry = ::readdir(open.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      auto sent = send_entry(fd, name, source + "/" + name, path + "/" + name, depth);
      if (!sent && !pass_over(sent.error())) return sent;
    }
    auto attributes = attributes_of(state, settings_);
    attributes.path = path;
    return ask<agent::calls::GuestdFileSetAttributes>(guest_, attributes);
  }

  [[nodiscard]] bool whole() const { return whole_; }

 private:
  /// For the agent alone until all is in it.
  Result<void> make(const std::string& path) {
    agent::GuestdFileMakeDirectoryArgs args;
    args.path = path;
    args.mode = kOwnerOnly;
    auto made = ask<agent::calls::GuestdFileMakeDirectory>(guest_, args);
    if (made) return {};
    auto present = status_at(guest_, path, true);
    const bool folder = present && *present && (*present)->type == agent::GuestdFileType::kDirectory;
    return folder ? Result<void>() : std::move(made).error();
  }

  Result<void> send_entry(int folder, const std::string& name, const std::string& source, const std::string& path,
                          int depth) {
    if (!is_utf8(name))
      return Error{source + ": its name is not UTF-8, so the agent cannot be told of it; it is left out"};
    struct stat state {};
    if (::fstatat(folder, name.c_str(), &state, AT_SYMLINK_NOFOLLOW) != 0) {
      return Error::from_errno("cannot read " + source, errno);
    }
    if (S_ISLNK(state.st_mode)) return send_link(folder, name, source, path, state);
    if (S_ISDIR(state.st_mode)) {
      UniqueFd inside(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!inside.valid()) return Error::from_errno("cannot read " + source, errno);
      return send(std::move(inside), source, path, depth + 1);
    }
    if (!S_ISREG(state.st_mode)) return Error{source + " is a pipe, socket or device; it is left out"};
    auto file = open_regular(folder, name, source, O_NOFOLLOW);
    if (!file) return std::move(file).error();
    if (settings_.progress != nullptr) settings_.progress->begin(name);
    return FileUpload(guest_, file->get(), source, settings_).send(path);
  }

  Result<void> send_link(int folder, const std::string& name, const std::string& source, const std::string& path,
                         const struct stat& state) {
    std::string target(4096, '\0');
    const ssize_t size = ::readlinkat(folder, name.c_str(), target.data(), target.size());
    if (size < 0) return Error::from_errno("cannot read " + source, errno);
    target.resize(static_cast<std::size_t>(size));
    if (!is_utf8(target)) return Error{source + ": what it points to is not UTF-8; it is left out"};
    agent::GuestdFileMakeLinkArgs args;
    args.path = path;
    args.target = std::move(target);
    args.replace = true;
    if (auto made = ask<agent::calls::GuestdFileMakeLink>(guest_, args); !made) return std::move(made).error();
    auto attributes = attributes_of(state, settings_);
    attributes.path = path;
    attributes.mode.reset();
    return ask<agent::calls::GuestdFileSetAttributes>(guest_, attributes);
  }

  bool pass_over(const Error& error) {
    if (error.kind == Error::Kind::kUnreachable || error.kind == Error::Kind::kTimedOut) return false;
    whole_ = false;
    settings_.warn(error.text);
    return true;
  }

  const Guest& guest_;
  const Settings& settings_;
  bool whole_ = true;
};

}  // namespace

Result<void> upload_pipe(const Guest& guest, int fd, const std::string& path, const Settings& settings) {
  auto to = GuestFile::open(guest, path, "w");
  if (!to) return std::move(to).error();
  std::vector<char> piece(kPiece);
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
  UniqueFd folder(::open(source.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return Error::from_errno("cannot read " + source, errno);
  FolderUpload upload(guest, settings);
  if (auto sent = upload.send(std::move(folder), source, path, 0); !sent) return std::move(sent).error();
  return upload.whole();
}

std::int64_t size_of_folder(const std::string& source) {
  std::int64_t bytes = 0;
  std::error_code failure;
  for (auto entry = std::filesystem::recursive_directory_iterator(source, failure); !failure && entry != end(entry);
       entry.increment(failure)) {
    std::error_code unreadable;
    if (!entry->is_regular_file(unreadable) || entry->is_symlink(unreadable)) continue;
    const auto size = entry->file_size(unreadable);
    if (!unreadable) bytes += static_cast<std::int64_t>(size);
  }
  return bytes;
}

}  // namespace guestd::copy
