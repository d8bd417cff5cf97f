// SPDX-License-Identifier: Apache-2.0
#include "daemon/process.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

namespace guestd::daemon {
namespace {

constexpr const char* kNullDevice = "/dev/null";

// A lock of the open file description: unlike one of the process it survives when somebody else in this process opens
// and closes the same file (a host may), and it conflicts with qemu-ga's just as well.
Result<void> lock_whole(int fd) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(fd, F_OFD_SETLK, &lock) != 0) return Error::from_errno("Cannot lock pid file", errno);
  return {};
}

// Whether the locked file is still the one that has this name: its former owner may have removed it in between.
bool still_named(int fd, const std::string& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(fd, &opened) == 0 && ::lstat(path.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

Result<void> write_pid(int fd) {
  const std::string text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0) return Error::from_errno("Cannot truncate pid file", errno);
  const ssize_t count = ::pwrite(fd, text.data(), text.size(), 0);
  if (count < 0) return Error::from_errno("Failed to write pid file", errno);
  if (static_cast<std::size_t>(count) != text.size()) return Error::from_errno("Failed to write pid file", ENOSPC);
  return {};
}

int wait_for_exit_code(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return 1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

// The caller's side: any byte means ready, the end of the stream that the child is gone.
[[noreturn]] void wait_and_exit(int channel, pid_t child) {
  char byte = 0;
  ssize_t count = 0;
  do {
    count = ::recv(channel, &byte, 1, 0);
  } while (count < 0 && errno == EINTR);
  ::_exit(count == 1 ? 0 : wait_for_exit_code(child));
}

}  // namespace

Result<void> open_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free number is this one, since all below it are open. Not close-on-exec, as standard descriptors are.
    if (::open(kNullDevice, O_RDWR) < 0) return Error::from_errno(kNullDevice, errno);
  }
  return {};
}

Result<PidFile> PidFile::create(const std::string& path) {
  while (true) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
    if (!fd.valid()) return Error::from_errno("Cannot open pid file '" + path + "'", errno);
    if (auto locked = lock_whole(fd.get()); !locked) return std::move(locked).error();
    if (!still_named(fd.get(), path)) continue;
    if (auto written = write_pid(fd.get()); !written) return std::move(written).error();
    return PidFile(path, std::move(fd));
  }
}

PidFile::~PidFile() {
  if (fd_.valid() && owner_ == ::getpid() && still_named(fd_.get(), path_)) ::unlink(path_.c_str());
}

Result<Background> go_to_background() {
  // A socket pair rather than a pipe: writing to a caller that has gone can be told not to raise SIGPIPE.
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return Error::from_errno("failed to daemonize", errno);
  }
  UniqueFd caller_end(ends[0]);
  UniqueFd child_end(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return Error::from_errno("failed to daemonize", errno);
  if (child > 0) {
    child_end.reset();
    wait_and_exit(caller_end.get(), child);
  }
  caller_end.reset();
  if (::setsid() < 0) return Error::from_errno("failed to daemonize", errno);
  return Background(std::move(child_end));
}

Result<void> Background::ready() {
  if (::chdir("/") != 0) return Error::from_errno("failed to change to /", errno);
  const UniqueFd null_device(::open(kNullDevice, O_RDWR | O_CLOEXEC));
  if (!null_device.valid()) return Error::from_errno(kNullDevice, errno);
  for (int fd = 0; fd <= 2; ++fd) {
    if (::dup2(null_device.get(), fd) < 0) return Error::from_errno(kNullDevice, errno);
  }
  // Nothing is lost if the caller did not wait for this.
  (void)::send(caller_.get(), "r", 1, MSG_NOSIGNAL);
  caller_.reset();
  return {};
}

}  // namespace guestd::daemon
