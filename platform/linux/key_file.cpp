// SPDX-License-Identifier: Apache-2.0
#include "platform/key_file.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "base/unique_fd.hpp"
#include "platform/as_user.hpp"
#include "platform/sshd_config.hpp"

namespace guestd::platform {

namespace {

constexpr std::size_t kLargestKeyFile = std::size_t{1} << 20U;
constexpr int kAttempts = 8;
constexpr mode_t kWritableByOthers = S_IWGRP | S_IWOTH;

using Labels = std::vector<std::optional<std::string>>;

std::string quoted(const std::string& path) { return "'" + path + "'"; }

/// What tells whether a file is still the one that was read.
struct Version {
  explicit Version(const struct stat& status)
      : device(status.st_dev),
        inode(status.st_ino),
        size(status.st_size),
        seconds(status.st_mtim.tv_sec),
        nanoseconds(status.st_mtim.tv_nsec) {}
  bool operator==(const Version&) const = default;

  dev_t device;
  ino_t inode;
  off_t size;
  time_t seconds;
  long nanoseconds;
};

std::optional<struct stat> status_of(int folder, const std::string& name) {
  struct stat status {};
  if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return status;
}

Result<UniqueFd> open_step(int folder, const std::string& name, const std::string& path) {
  UniqueFd fd(::openat(folder, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (fd.valid()) return fd;
  const int error = errno;
  const auto status = status_of(folder, name);
  if (status && S_ISLNK(status->st_mode)) return Error{quoted(path) + " is a symbolic link", ELOOP};
  return Error::from_errno(quoted(path), error);
}

Result<std::string> read_all(int fd, const std::string& what) {
  std::string text;
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::from_errno(what, errno);
    if (count == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(count));
    if (text.size() > kLargestKeyFile) return Error::from_errno(what, EFBIG);
  }
}

Result<void> write_all(int fd, std::string_view content, const std::string& what) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::from_errno(what, errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(fd) != 0) return Error::from_errno(what, errno);
  return {};
}

std::string temporary_name(const std::string& name) {
  std::uint64_t number = 0;
  // Up to 256 bytes come whole (getrandom(2)), and a name that is taken is an error of the open: O_EXCL.
  [[maybe_unused]] const auto drawn = ::getrandom(&number, sizeof number, 0);
  std::array<char, 20> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(number));
  return "." + name.substr(0, 128) + "." + digits.data();
}

}  // namespace

/// One use of the file, by whoever is to do it; the folder stays open meanwhile.
class KeyFile::Access {
 public:
  Access(const KeyFile& file, bool as_root, const Labels& labels)
      : file_(file),
        as_root_(as_root),
        labels_(labels),
        failed_to_read_("failed to read " + quoted(file.path_)),
        failed_to_write_("failed to write to " + quoted(file.path_)) {}

  /// Goes to the folder that the file is in; with `create`, folders of the home directory that are not there are made.
  Result<void> open_folder(bool create) {
    const std::string& what = create ? failed_to_write_ : failed_to_read_;
    const std::string start = file_.place_.in_home ? file_.account_.home : "/";
    auto folder = file_.root_->open(start, O_PATH | O_DIRECTORY);
    std::string path = start == "/" ? "" : start;
    for (std::size_t index = 0; folder; ++index) {
      if (auto owned = check_owner(folder->get(), path); !owned) return std::move(owned).error().with_context(what);
      folder_ = *std::move(folder);
      if (index == file_.place_.folders.size()) return {};
      const std::string& name = file_.place_.folders[index];
      path += "/" + name;
      folder = open_step(folder_.get(), name, path);
      if (folder || folder.error().errno_value != ENOENT || !create || !file_.place_.in_home) continue;
      if (auto made = make(index, path); !made) return made;
      folder = open_step(folder_.get(), name, path);
    }
    if (folder.error().errno_value == ENOENT && !create) return Error::from_errno(what, ENOENT);
    return std::move(folder).error().with_context(what);
  }

  struct Old {
    std::string text;
    std::optional<Version> version;  ///< none: there is no file
  };
  [[nodiscard]] Result<Old> read() const {
    const std::string& what = failed_to_read_;
    UniqueFd fd(::openat(folder_.get(), name().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd.valid() && errno == ENOENT) return Old{};
    if (!fd.valid() && errno == ELOOP) return Error{what + ": it is a symbolic link", ELOOP};
    if (!fd.valid()) return Error::from_errno(what, errno);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) return Error::from_errno(what, errno);
    if (!S_ISREG(status.st_mode)) return Error{what + ": it is not a regular file", EINVAL};
    auto text = read_all(fd.get(), what);
    if (!text) return std::move(text).error();
    return Old{*std::move(text), Version(status)};
  }

  /// Puts a new file in the place of the old one. False: somebody has changed that since it was read.
  [[nodiscard]] Result<bool> replace(std::string_view content, const std::optional<Old>& old) const {
    const std::string& what = failed_to_write_;
    const std::string temporary = temporary_name(name());
    const UniqueFd fd(::openat(folder_.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                               S_IRUSR | S_IWUSR));
    if (!fd.valid()) return Error::from_errno(what, errno);
    auto done = write_all(fd.get(), content, what);
    if (done) done = dress(fd.get());
    bool replaced = false;
    if (done && (!old || is_still(*old))) {
      replaced = ::renameat(folder_.get(), temporary.c_str(), folder_.get(), name().c_str()) == 0;
      if (!replaced) done = Error::from_errno(what, errno);
    }
    if (!replaced) ::unlinkat(folder_.get(), temporary.c_str(), 0);
    if (!done) return std::move(done).error();
    if (replaced) sync_folder();
    return replaced;
  }

 private:
  [[nodiscard]] const std::string& name() const { return file_.place_.name; }

  // Whoever owns a folder on the way decides what is in the file, and sshd would not take it either.
  [[nodiscard]] Result<void> check_owner(int folder, const std::string& path) const {
    struct stat status {};
    if (::fstat(folder, &status) != 0) return Error::from_errno(quoted(path), errno);
    if (status.st_uid == 0 || status.st_uid == file_.account_.uid) return {};
    return Error{quoted(path) + " belongs to user " + std::to_string(status.st_uid), EPERM};
  }

  [[nodiscard]] Result<void> make(std::size_t index, const std::string& path) const {
    const std::string& name = file_.place_.folders[index];
    const std::string what = "failed to create directory " + quoted(path);
    if (::mkdirat(folder_.get(), name.c_str(), S_IRWXU) != 0 && errno != EEXIST) return Error::from_errno(what, errno);
    if (index >= labels_.size() || !labels_[index]) return {};
    const UniqueFd fd(::openat(folder_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.valid()) return Error::from_errno(what, errno);
    auto labelled = set_label(fd.get(), *labels_[index]);
    if (!labelled) return std::move(labelled).error().with_context(what);
    return {};
  }

  // Owner, mode and label. In the home directory sshd wants a file that only its owner can write.
  [[nodiscard]] Result<void> dress(int fd) const {
    const std::string what = "failed to set permissions of " + quoted(file_.path_);
    mode_t mode = S_IRUSR | S_IWUSR;
    if (as_root_) {
      // sshd reads it as the user.
      mode = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
      const auto old = status_of(folder_.get(), name());
      if (old && S_ISREG(old->st_mode)) {
        mode = old->st_mode & ~kWritableByOthers & 0777U;
        if (::fchown(fd, old->st_uid, old->st_gid) != 0) return Error::from_errno(what, errno);
      }
    }
    if (::fchmod(fd, mode) != 0) return Error::from_errno(what, errno);
    if (labels_.empty() || !labels_.back()) return {};
    auto labelled = set_label(fd, *labels_.back());
    if (!labelled) return std::move(labelled).error().with_context(what);
    return {};
  }

  [[nodiscard]] bool is_still(const Old& old) const {
    const auto status = status_of(folder_.get(), name());
    return status ? Version(*status) == old.version : !old.version;
  }

  void sync_folder() const {
    // The file is there, whatever becomes of this.
    const UniqueFd fd(::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.valid()) (void)::fsync(fd.get());
  }

  const KeyFile& file_;
  bool as_root_;
  const Labels& labels_;  // of the folders, and at the end of the file; empty without labels
  std::string failed_to_read_;
  std::string failed_to_write_;
  UniqueFd folder_;
};

Result<KeyFile> KeyFile::find(const Root& root, const FileLabels* labels, InTime& in_time, Account account) {
  auto paths = authorized_keys_files(root, account);
  if (!paths) return std::move(paths).error();
  KeyFile file(root, labels, in_time, std::move(account));
  if (paths->empty()) return file;
  if (auto placed = file.set_place(paths->front()); !placed) return std::move(placed).error();
  return file;
}

Result<void> KeyFile::set_place(std::string_view path) {
  const std::string& home = account_.home;
  if (path.starts_with(home + "/")) path.remove_prefix(home.size() + 1);
  place_.in_home = !path.starts_with('/');
  if (place_.in_home && !home.starts_with('/')) return Error{"the home directory " + quoted(home) + " is no path"};
  path_ = place_.in_home && home != "/" ? home : "";
  for (std::string_view rest = path; !rest.empty();) {
    const std::string step(rest.substr(0, rest.find('/')));
    rest.remove_prefix(std::min(step.size() + 1, rest.size()));
    if (step == "..") return Error{"AuthorizedKeysFile of sshd's configuration leads through '..'"};
    if (step.empty() || step == ".") continue;
    place_.folders.push_back(step);
    path_ += "/" + step;
  }
  if (place_.folders.empty()) return Error{"AuthorizedKeysFile of sshd's configuration names no file"};
  place_.name = std::move(place_.folders.back());
  place_.folders.pop_back();
  return {};
}

// Whether nobody but root can change anything on the way to the file.
bool KeyFile::is_roots_own() const {
  if (place_.in_home) return false;
  auto folder = root_->open("/", O_PATH | O_DIRECTORY);
  for (std::size_t index = 0;; ++index) {
    struct stat status {};
    if (!folder || ::fstat(folder->get(), &status) != 0) return false;
    if (status.st_uid != 0 || (status.st_mode & kWritableByOthers) != 0) return false;
    if (index == place_.folders.size()) return true;
    folder = open_step(folder->get(), place_.folders[index], "");
  }
}

// By root, before the rights are given away.
Labels KeyFile::look_up_labels() const {
  Labels labels;
  if (labels_ == nullptr || !place_.in_home) return labels;
  std::string path = account_.home;
  for (const std::string& name : place_.folders) {
    path += "/" + name;
    labels.push_back(labels_->label_for(path, S_IFDIR));
  }
  labels.push_back(labels_->label_for(path_, S_IFREG));
  return labels;
}

Result<void> KeyFile::act_at_last(const Work& work) const {
  const Labels labels = look_up_labels();
  if (is_roots_own()) {
    Access access(*this, true, labels);
    return work(access);
  }
  Result<void> done;
  auto switched = as_user(account_, [&] {
    Access access(*this, false, labels);
    done = work(access);
  });
  return switched ? done : switched;
}

Result<void> KeyFile::act(const std::string& what, Work work) const {
  // What a thread that is stuck goes on using.
  struct Shared {
    KeyFile file;
    Work work;
    Result<void> done;
  };
  const auto shared = std::make_shared<Shared>(Shared{*this, std::move(work), {}});
  const auto answered = in_time_->ask({{"keys of user " + std::to_string(account_.uid),
                                        [shared] { shared->done = shared->file.act_at_last(shared->work); }}});
  if (!answered.front()) return Error::from_errno(what, ETIMEDOUT);
  return shared->done;
}

Result<std::string> KeyFile::read() const {
  const std::string what = "failed to read " + quoted(path_);
  const auto text = std::make_shared<std::string>();
  auto done = act(what, [what, text](Access& access) -> Result<void> {
    auto opened = access.open_folder(false);
    if (!opened) return opened;
    auto old = access.read();
    if (!old) return std::move(old).error();
    if (!old->version) return Error::from_errno(what, ENOENT);
    *text = std::move(old->text);
    return {};
  });
  if (!done) return std::move(done).error();
  return *text;
}

Result<void> KeyFile::change(Mode mode, const Edit& edit) const {
  const std::string what = "failed to write to " + quoted(path_);
  return act(what, [what, mode, edit](Access& access) -> Result<void> {
    auto opened = access.open_folder(mode != Mode::kExisting);
    if (!opened && opened.error().errno_value == ENOENT && mode == Mode::kExisting) return {};
    if (!opened) return opened;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      std::optional<Access::Old> old;
      if (mode != Mode::kReplace) {
        auto found = access.read();
        if (!found) return std::move(found).error();
        if (!found->version && mode == Mode::kExisting) return {};
        old = *std::move(found);
      }
      const std::string text = edit(old ? old->text : "");
      if (old && old->version && text == old->text) return {};
      const auto replaced = access.replace(text, old);
      if (!replaced) return replaced.error();
      if (*replaced) return {};
    }
    return Error{what + ": somebody else keeps changing it"};
  });
}

}  // namespace guestd::platform
