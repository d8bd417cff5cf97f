// SPDX-License-Identifier: Apache-2.0
#include "client/lib/stream_lock.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace guestd::client {
namespace {

constexpr std::string_view kRemedy = " (--no-lock does without)";

std::string lock_folder() {
  if (::geteuid() == 0) return "/run/guestctl";
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && *runtime == '/') return std::string(runtime) + "/guestctl";
  return "/tmp/guestctl-" + std::to_string(::geteuid());
}

/// In a folder that others may write to, somebody else could have made it first.
Result<UniqueFd> open_folder(const std::string& path) {
  const std::string what = "cannot use " + path + " for locks" + std::string(kRemedy);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return Error::from_errno(what, errno);
  UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder.valid()) return Error::from_errno(what, errno);
  struct stat state {};
  if (::fstat(folder.get(), &state) != 0) return Error::from_errno(what, errno);
  if (state.st_uid != ::geteuid() || (state.st_mode & 022U) != 0) return Error{what + ": others can write to it"};
  return folder;
}

std::string holder(int file) {
  char text[32];
  const ssize_t size = ::pread(file, text, sizeof text, 0);
  std::string pid(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  pid.resize(std::min(pid.find_first_not_of("0123456789"), pid.size()));
  return pid.empty() ? "another guestctl" : "process " + pid;
}

/// Somebody has closed the file, so it is worth another try.
bool wait_for_close(int news, Deadline deadline) {
  if (!wait_for(news, POLLIN, deadline)) return false;
  alignas(inotify_event) char events[4096];
  return ::read(news, events, sizeof events) > 0;
}

bool try_lock(int file) { return ::flock(file, LOCK_EX | LOCK_NB) == 0; }

Result<void> wait_for_lock(int file, const std::string& name, const std::string& path, Deadline deadline) {
  if (try_lock(file)) return {};
  const UniqueFd news(::inotify_init1(IN_CLOEXEC));
  // Through the descriptor, since the name is relative to the folder.
  if (::inotify_add_watch(news.get(), name.c_str(), IN_CLOSE) < 0)
    return Error::from_errno("cannot watch " + name, errno);
  while (!try_lock(file)) {
    if (errno != EWOULDBLOCK && errno != EINTR) return Error::from_errno("cannot lock " + name, errno);
    if (!wait_for_close(news.get(), deadline)) {
      return Error::timed_out(path + " is in use by " + holder(file) + std::string(kRemedy));
    }
  }
  return {};
}

void write_pid(int file) {
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file, 0) == 0) {
    [[maybe_unused]] const ssize_t ignored = ::pwrite(file, pid.data(), pid.size(), 0);
  }
}

}  // namespace

Result<StreamLock> StreamLock::take(const std::string& path, Deadline deadline) {
  struct stat state {};
  // A path that is not there is for the one who opens it to complain about.
  if (::stat(path.c_str(), &state) != 0) return StreamLock();
  const std::string folder_path = lock_folder();
  auto folder = open_folder(folder_path);
  if (!folder) return std::move(folder).error();
  const std::string name = std::to_string(state.st_dev) + "-" + std::to_string(state.st_ino) + ".lock";
  UniqueFd file(::openat(folder->get(), name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) return Error::from_errno("cannot open " + folder_path + "/" + name, errno);
  if (auto locked = wait_for_lock(file.get(), folder_path + "/" + name, path, deadline); !locked) {
    return std::move(locked).error();
  }
  write_pid(file.get());
  return StreamLock(std::move(file));
}

}  // namespace guestd::client
