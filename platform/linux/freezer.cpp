// SPDX-License-Identifier: Apache-2.0
#include "platform/freezer.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "base/unique_fd.hpp"
#include "platform/selinux.hpp"

namespace guestd::platform {

namespace {

// linux/mount.h; the header clashes with sys/mount.h in some C libraries.
constexpr unsigned kOpenTreeClone = 1;

Error failure(const char* verb, const std::string& mountpoint, int code) {
  Error error = Error::from_errno("failed to " + std::string(verb) + " " + mountpoint, code);
  // The kernel asks for CAP_SYS_ADMIN; where the agent has it and is refused, it was a security module.
  if ((code == EACCES || code == EPERM) && selinux_enforcing(Root::system())) {
    error.text += " (SELinux? Look for denials with: ausearch -m avc -ts recent)";
  } else if (code == EPERM) {
    error.text += " (the agent lacks the capability CAP_SYS_ADMIN)";
  }
  return error;
}

// Without links on the way: mountinfo has none, so one that is there now was put there since.
int open_path(const char* path) {
  open_how how{};
  how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
    if (fd >= 0) return static_cast<int>(fd);
    if (errno == ENOSYS) return ::open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);  // before Linux 5.6
    if (errno != EAGAIN || attempt == 16) return -1;
  }
}

// statx(2) tells the mount since Linux 5.8. The device number is worse: that of a subvolume of btrfs is none that the
// mount table knows.
bool is_mount(int fd, const Mount& mount) {
  struct statx status {};
  if (::statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_MNT_ID, &status) != 0) return false;
  if ((status.stx_mask & STATX_MNT_ID) != 0) return status.stx_mnt_id == static_cast<__u64>(mount.id);
  return mount.type == "btrfs" ||
         (status.stx_dev_major == mount.device.major && status.stx_dev_minor == mount.device.minor);
}

// A mount of our own of the same file system, at no place: an open file on it does not hold the original mount. The
// original itself where the kernel cannot do that.
UniqueFd detached_copy(UniqueFd original) {
#ifdef SYS_open_tree
  UniqueFd copy(static_cast<int>(
      ::syscall(SYS_open_tree, original.get(), "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT | kOpenTreeClone | O_CLOEXEC)));
  if (copy.valid()) return copy;
#endif
  return original;
}

// FIFREEZE wants more than O_PATH. `.` stays on this mount, even if another one lies over it by now.
UniqueFd open_for_ioctl(int path) {
  constexpr int kFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  UniqueFd fd(::openat(path, ".", kFlags | O_DIRECTORY));
  if (fd.valid() || errno != ENOTDIR) return fd;
  // A file can be a mount point too.
  return UniqueFd(::open(("/proc/self/fd/" + std::to_string(path)).c_str(), kFlags));
}

class KernelTarget final : public FreezeTarget {
 public:
  KernelTarget(UniqueFd fd, std::string mountpoint) : fd_(std::move(fd)), mountpoint_(std::move(mountpoint)) {}

  void write_back() override { (void)::syncfs(fd_.get()); }
  Result<void> freeze() override { return control(FIFREEZE, "freeze"); }
  Result<void> thaw() override { return control(FITHAW, "thaw"); }

 private:
  Result<void> control(unsigned long request, const char* verb) {
    while (::ioctl(fd_.get(), request, 0) != 0) {
      if (errno != EINTR) return failure(verb, mountpoint_, errno);
    }
    return {};
  }

  UniqueFd fd_;
  std::string mountpoint_;
};

class KernelFreezer final : public Freezer {
 public:
  Result<std::unique_ptr<FreezeTarget>> open(const Mount& mount) override {
    const std::string& mountpoint = mount.mountpoint;
    UniqueFd path(open_path(mountpoint.c_str()));
    if (!path.valid()) return failure("open", mountpoint, errno);
    if (!is_mount(path.get(), mount)) return failure("open", mountpoint, ESTALE);
    path = detached_copy(std::move(path));
    UniqueFd fd = open_for_ioctl(path.get());
    if (!fd.valid()) return failure("open", mountpoint, errno);
    return std::unique_ptr<FreezeTarget>(std::make_unique<KernelTarget>(std::move(fd), mountpoint));
  }
};

class RefusingFreezer final : public Freezer {
 public:
  explicit RefusingFreezer(std::string reason) : reason_(std::move(reason)) {}
  Result<std::unique_ptr<FreezeTarget>> open(const Mount& mount) override {
    return Error{"failed to open " + mount.mountpoint + ": " + reason_, EPERM};
  }

 private:
  std::string reason_;
};

}  // namespace

std::unique_ptr<Freezer> kernel_freezer(const Root& root) {
  if (!root.is_system()) return refusing_freezer("this is not the machine itself");
  return std::make_unique<KernelFreezer>();
}

std::unique_ptr<Freezer> refusing_freezer(std::string reason) {
  return std::make_unique<RefusingFreezer>(std::move(reason));
}

}  // namespace guestd::platform
