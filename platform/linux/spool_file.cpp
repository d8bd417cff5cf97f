// SPDX-License-Identifier: Apache-2.0
#include "platform/spool_file.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace guestd::platform {
namespace {

constexpr std::uint64_t kPage = 4096;

Error spool_error(const std::string& path) { return Error::from_errno("cannot spool to " + path, errno); }

}  // namespace

Result<SpoolFile> SpoolFile::create(const std::string& path, std::uint64_t limit_bytes) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!fd.valid()) return spool_error(path);
  return SpoolFile(path, std::move(fd), limit_bytes);
}

Result<SpoolFile> SpoolFile::open(const std::string& path, std::uint64_t limit_bytes) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) return spool_error(path);
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error{"cannot spool to " + path + ": it is not the agent's own file", EPERM};
  }
  SpoolFile spool(path, std::move(fd), limit_bytes);
  // What an earlier agent has cut out.
  const off_t data = ::lseek(spool.fd_.get(), 0, SEEK_DATA);
  if (data > 0) spool.begin_ = static_cast<std::uint64_t>(data);
  return spool;
}

Result<UniqueFd> SpoolFile::open_for_program() const {
  UniqueFd fd(::open(path_.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return spool_error(path_);
  return fd;
}

std::uint64_t SpoolFile::end() const {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) return begin_;
  // A program may shorten its own output: what is gone is gone, but nothing is counted twice.
  return std::max(begin_, static_cast<std::uint64_t>(status.st_size));
}

Result<std::string> SpoolFile::read(std::uint64_t offset, std::size_t most) const {
  offset = std::max(offset, begin_);
  const std::uint64_t last = end();
  std::string bytes(offset < last ? static_cast<std::size_t>(std::min<std::uint64_t>(last - offset, most)) : 0, '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count =
        ::pread(fd_.get(), bytes.data() + filled, bytes.size() - filled, static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::from_errno("cannot read " + path_, errno);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  bytes.resize(filled);
  return bytes;
}

void SpoolFile::trim() {
  const std::uint64_t last = end();
  const std::uint64_t slack = std::max(limit_ / 4, kPage);
  if (last - begin_ <= limit_ + slack) return;
  const std::uint64_t cut = (last - limit_) / kPage * kPage;
  // Where holes are not possible the file grows on, but what is told stays the same.
  (void)::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(cut));
  begin_ = cut;
}

void remove_spool(const std::string& path) { ::unlink(path.c_str()); }

void remove_other_spools(const std::string& folder, const std::vector<std::string>& kept) {
  std::error_code ended;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ended)) {
    if (std::ranges::find(kept, entry.path().string()) == kept.end()) remove_spool(entry.path());
  }
}

Result<FileWatch> FileWatch::create() {
  UniqueFd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!fd.valid()) return Error::from_errno("cannot watch files", errno);
  return FileWatch(std::move(fd));
}

Result<int> FileWatch::add(const std::string& path) const {
  const int number = ::inotify_add_watch(inotify_.get(), path.c_str(), IN_MODIFY);
  if (number < 0) return Error::from_errno("cannot watch " + path, errno);
  return number;
}

void FileWatch::remove(int number) const { ::inotify_rm_watch(inotify_.get(), number); }

std::vector<int> FileWatch::take() const {
  std::vector<int> numbers;
  alignas(inotify_event) std::array<char, 4096> news{};
  ssize_t count = 0;
  while ((count = ::read(inotify_.get(), news.data(), news.size())) > 0) {
    for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
      inotify_event event{};
      std::memcpy(&event, news.data() + at, sizeof event);
      if ((event.mask & IN_MODIFY) != 0 && std::ranges::find(numbers, event.wd) == numbers.end()) {
        numbers.push_back(event.wd);
      }
      at += sizeof event + event.len;
    }
  }
  return numbers;
}

}  // namespace guestd::platform
