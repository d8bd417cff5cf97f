// SPDX-License-Identifier: Apache-2.0
#include "platform/confinement.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <string>
#include <thread>

#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

/// What a child says that confines itself and then tries something; 99: it could not be confined.
int in_confined_child(const Confinement& confinement, const std::function<int(const Confined&)>& attempt) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto confined = confine(confinement);
    ::_exit(confined ? attempt(*confined) : 99);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int error_of(long result) { return result < 0 ? errno : 0; }

TEST(Confinement, NamesCapabilities) {
  EXPECT_EQ(capability_named("CAP_CHOWN"), 1U);
  EXPECT_EQ(capability_named("CAP_SYS_TIME"), Capabilities{1} << 25U);
  EXPECT_EQ(capability_named("CAP_CHECKPOINT_RESTORE"), Capabilities{1} << 40U);
  EXPECT_EQ(capability_named("CAP_NONE"), 0U);
  EXPECT_EQ(capability_names(capability_named("CAP_KILL") | capability_named("CAP_CHOWN")),
            (std::vector<std::string>{"CAP_CHOWN", "CAP_KILL"}));
}

TEST(Confinement, StartsNoProgramUnlessItMay) {
  Confinement confinement;
  confinement.capabilities = 0;
  confinement.may_run_programs = false;
  const auto run = [](const Confined& done) {
    if (!done.system_calls) return 77;
    ::execl("/bin/true", "true", nullptr);
    return errno;
  };
  const int outcome = in_confined_child(confinement, run);
  if (outcome == 77) GTEST_SKIP() << "the kernel filters no system calls";
  EXPECT_EQ(outcome, EPERM);
  confinement.may_run_programs = true;
  EXPECT_EQ(in_confined_child(confinement, run), 0);
}

TEST(Confinement, LooksIntoNoOtherProcessAndLoadsNoCode) {
  Confinement confinement;
  confinement.capabilities = 0;
  const auto attempt = [](const Confined& done) {
    if (!done.system_calls) return 77;
    const bool all = error_of(::syscall(SYS_ptrace, 0, 0, 0, 0)) == EPERM &&
                     error_of(::syscall(SYS_init_module, nullptr, 0, "")) == EPERM &&
                     error_of(::syscall(SYS_bpf, 0, nullptr, 0)) == EPERM &&
                     error_of(::syscall(SYS_io_uring_setup, 1, nullptr)) == EPERM;
    return all && ::getpid() > 0 ? 0 : 1;
  };
  const int outcome = in_confined_child(confinement, attempt);
  if (outcome == 77) GTEST_SKIP() << "the kernel filters no system calls";
  EXPECT_EQ(outcome, 0);
}

TEST(Confinement, MakesThreadsButNoNameSpaces) {
  Confinement confinement;
  confinement.capabilities = 0;
  confinement.may_run_programs = false;
  const auto attempt = [](const Confined& done) {
    if (!done.system_calls) return 77;
    bool ran = false;
    std::thread([&] { ran = true; }).join();
    if (!ran) return 1;
    for (const long flag : {CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID}) {
      if (error_of(::syscall(SYS_clone, flag | SIGCHLD, nullptr, nullptr, nullptr, nullptr)) != EPERM) return 2;
    }
    if (error_of(::syscall(SYS_unshare, CLONE_NEWUSER)) != EPERM) return 3;
    return error_of(::syscall(SYS_clone3, nullptr, 0)) == ENOSYS ? 0 : 4;
  };
  const int outcome = in_confined_child(confinement, attempt);
  if (outcome == 77) GTEST_SKIP() << "the kernel filters no system calls";
  EXPECT_EQ(outcome, 0);
}

TEST(Confinement, SendsSignalsToNobodyButItself) {
  Confinement confinement;
  confinement.capabilities = 0;
  confinement.may_run_programs = false;
  const auto attempt = [](const Confined& done) {
    if (!done.system_calls) return 77;
    const pid_t parent = ::getppid();
    const bool refused = error_of(::kill(parent, 0)) == EPERM &&
                         error_of(::syscall(SYS_tgkill, parent, parent, 0)) == EPERM &&
                         error_of(::syscall(SYS_pidfd_send_signal, -1, 0, nullptr, 0)) == EPERM &&
                         error_of(::prlimit(parent, RLIMIT_NOFILE, nullptr, nullptr)) == EPERM;
    if (!refused) return 1;
    rlimit own{};
    return ::kill(::getpid(), 0) == 0 && ::raise(SIGCONT) == 0 && ::getrlimit(RLIMIT_NOFILE, &own) == 0 ? 0 : 2;
  };
  const int outcome = in_confined_child(confinement, attempt);
  if (outcome == 77) GTEST_SKIP() << "the kernel filters no system calls";
  EXPECT_EQ(outcome, 0);
}

TEST(Confinement, ChangesNobodysModeOrOwnerWhereFilesAreRestricted) {
  const support::TempDir dir;
  dir.write("file", "x");
  Confinement confinement;
  confinement.capabilities = kAllCapabilities >> 1U;
  confinement.restricts_files = true;
  confinement.readable = {dir.path()};
  const auto attempt = [&](const Confined& done) {
    if (!done.system_calls || !done.files) return 77;
    const std::string path = dir / "file";
    const int fd = ::open(path.c_str(), O_RDONLY);
    const bool refused = error_of(::chmod(path.c_str(), 0666)) == EPERM && error_of(::fchmod(fd, 0666)) == EPERM &&
                         error_of(::chown(path.c_str(), 0, 0)) == EPERM && error_of(::fchown(fd, 0, 0)) == EPERM &&
                         error_of(::setxattr(path.c_str(), "user.x", "y", 1, 0)) == EPERM;
    return refused && ::fchmod(fd, 0600) == 0 ? 0 : 1;
  };
  const int outcome = in_confined_child(confinement, attempt);
  if (outcome == 77) GTEST_SKIP() << "this kernel has no Landlock, or filters no system calls";
  EXPECT_EQ(outcome, 0);
}

TEST(Confinement, KeepsOnlyTheCapabilitiesThatWereAskedFor) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root has capabilities";
  Confinement confinement;
  confinement.capabilities = capability_named("CAP_DAC_READ_SEARCH");
  EXPECT_EQ(in_confined_child(confinement,
                              [](const Confined&) {
                                // Not by the C library, which aborts if threads of its own differ (TSan has one).
                                const bool lost = ::syscall(SYS_setuid, 65534) != 0 && ::chroot("/") != 0;
                                return lost && ::prctl(PR_CAPBSET_READ, 7, 0, 0, 0) == 0 ? 0 : 1;
                              }),
            0);
}

TEST(Confinement, OpensOnlyTheFilesThatWereNamed) {
  const support::TempDir dir;
  dir.write("read/file", "x");
  dir.write("write/file", "x");
  dir.write("devices/file", "x");
  dir.write("other/file", "x");
  Confinement confinement;
  confinement.capabilities = kAllCapabilities >> 1U;
  confinement.restricts_files = true;
  confinement.readable = {dir / "read", dir / "missing"};
  confinement.writable = {dir / "write"};
  dir.write("sockets/file", "x");
  confinement.sockets = {dir / "sockets"};
  confinement.devices = {dir / "devices"};
  const auto attempt = [&](const Confined& done) {
    if (!done.files) return 77;
    const auto opens = [&](const char* name, int flags) { return ::open((dir / name).c_str(), flags, 0600) >= 0; };
    if (!opens("read/file", O_RDONLY) || opens("read/file", O_WRONLY) || opens("read/new", O_WRONLY | O_CREAT))
      return 1;
    if (!opens("write/file", O_RDWR) || !opens("write/new", O_WRONLY | O_CREAT)) return 2;
    if (!opens("devices/file", O_RDWR) || opens("devices/new", O_WRONLY | O_CREAT)) return 3;
    if (opens("other/file", O_RDONLY)) return 4;
    if (opens("sockets/file", O_RDONLY) || opens("sockets/new", O_WRONLY | O_CREAT)) return 6;
    if (::mknod((dir / "sockets/socket").c_str(), S_IFSOCK | 0600, 0) != 0) return 7;
    if (::mknod((dir / "write/socket").c_str(), S_IFSOCK | 0600, 0) == 0) return 8;
    if (::unlink((dir / "sockets/socket").c_str()) != 0) return 9;
    return ::unlink((dir / "write/new").c_str()) == 0 ? 0 : 5;
  };
  const int outcome = in_confined_child(confinement, attempt);
  if (outcome == 77) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(outcome, 0);
}

}  // namespace
}  // namespace guestd::platform
