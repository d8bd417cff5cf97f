// SPDX-License-Identifier: Apache-2.0
#include "platform/as_user.hpp"

#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <future>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace guestd::platform {

namespace {

// The system call is for one thread; libc's function of that name changes all of the process.
int set_groups_of_thread(const std::vector<gid_t>& groups) {
#ifdef SYS_setgroups32
  return static_cast<int>(::syscall(SYS_setgroups32, groups.size(), groups.data()));
#else
  return static_cast<int>(::syscall(SYS_setgroups, groups.size(), groups.data()));
#endif
}

// Both calls return the old id and no error, and with -1 they change nothing: so they also tell the id.
bool set_file_ids_of_thread(uid_t uid, gid_t gid) {
  constexpr auto kAsk = static_cast<unsigned>(-1);
  ::setfsgid(gid);
  ::setfsuid(uid);
  return ::setfsgid(kAsk) == static_cast<int>(gid) && ::setfsuid(kAsk) == static_cast<int>(uid);
}

// The kernel drops the capabilities over files with the step from file-system user 0 to another one
// (capabilities(7), "Effect of user ID changes on capabilities").
Result<void> become(const Account& account) {
  const int dumpable = ::prctl(PR_GET_DUMPABLE);
  const bool done = set_groups_of_thread(account.groups) == 0 && set_file_ids_of_thread(account.uid, account.gid);
  // The step makes the whole process undumpable. The user could not trace it anyway, all other ids being root's.
  if (dumpable == 1) ::prctl(PR_SET_DUMPABLE, 1);
  if (!done) return Error::from_errno("cannot act as user " + account.name, EPERM);
  return {};
}

}  // namespace

Result<void> as_user(const Account& account, const std::function<void()>& work) {
  if (::geteuid() == account.uid) {
    work();
    return {};
  }
  std::packaged_task<Result<void>()> task([&] {
    auto switched = become(account);
    if (switched) work();
    return switched;
  });
  auto done = task.get_future();
  try {
    // It never gets its rights back: it ends.
    std::thread(std::move(task)).join();
  } catch (const std::system_error& error) {
    return Error::from_errno("cannot act as user " + account.name, error.code().value());
  }
  return done.get();
}

}  // namespace guestd::platform
