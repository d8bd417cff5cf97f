// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

/// What makes a process a daemon.
namespace guestd::daemon {

/// Opens /dev/null in place of each of the descriptors 0 to 2 that the caller left closed, so that no file of the
/// agent's lands there. Touches no other descriptor: the service manager passes sockets from 3 on. Call it first.
Result<void> open_standard_descriptors();

/// The file that names the running daemon. It is locked as long as this object lives, against a second daemon and
/// against qemu-ga; the destructor removes it, so keep it until a normal exit. Moving is cheap.
class PidFile {
 public:
  /// Writes the id of the calling process: call it in the child of go_to_background().
  /// `Cannot lock pid file: Resource temporarily unavailable` if another daemon has it.
  static Result<PidFile> create(const std::string& path);

  PidFile(PidFile&&) noexcept = default;
  PidFile& operator=(PidFile&&) = delete;
  ~PidFile();

 private:
  PidFile(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)), owner_(::getpid()) {}

  std::string path_;
  UniqueFd fd_;
  pid_t owner_;  // a forked child must not remove the file
};

/// A daemon on its way into the background. The caller of the program still waits for it, so that it learns of a
/// failing start; errors may go to stderr until ready().
///
/// The umask stays that of the caller: files that a host creates get the permissions that it leaves, 0644 as a rule.
/// Files of the agent's own (pid file, state) ask for 0600 themselves.
class Background {
 public:
  explicit Background(UniqueFd caller) : caller_(std::move(caller)) {}

  /// Lets the waiting caller exit with 0, changes to `/` and gives descriptors 0 to 2 to /dev/null. Once, when the
  /// channel is open. Without this call the caller exits with the exit code of this process (1 if a signal ended it).
  Result<void> ready();

 private:
  UniqueFd caller_;
};

/// Forks and makes the child the leader of a new session. Returns in the child only; the calling process waits for it
/// and exits. Call it before there is a second thread, and before output that is still buffered.
Result<Background> go_to_background();

}  // namespace guestd::daemon
