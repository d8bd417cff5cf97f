// SPDX-License-Identifier: Apache-2.0
#include "tests/support/disks.hpp"

#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <utility>

namespace guestd::support {

bool enter_private_mounts() {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

LoopDisk::LoopDisk(const std::string& file, std::size_t size_bytes) {
  const UniqueFd backing(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!backing.valid() || ::ftruncate(backing.get(), static_cast<off_t>(size_bytes)) != 0) return;
  const UniqueFd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  // Another process may take the free device first.
  for (int attempt = 0; control.valid() && attempt < 16 && !usable(); ++attempt) {
    node_ = "/dev/loop" + std::to_string(::ioctl(control.get(), LOOP_CTL_GET_FREE));
    UniqueFd device(::open(node_.c_str(), O_RDWR | O_CLOEXEC));
    if (device.valid() && ::ioctl(device.get(), LOOP_SET_FD, backing.get()) == 0) device_ = std::move(device);
  }
}

LoopDisk& LoopDisk::operator=(LoopDisk&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(node_, other.node_);
  return *this;
}

LoopDisk::~LoopDisk() {
  if (usable()) ::ioctl(device_.get(), LOOP_CLR_FD, 0);
}

Mounted::Mounted(const std::string& source, std::string folder, const std::string& type, const std::string& options) {
  ::mkdir(folder.c_str(), 0700);
  const unsigned long flags = type == "squashfs" ? MS_RDONLY : 0;
  if (::mount(source.c_str(), folder.c_str(), type.c_str(), flags, options.c_str()) == 0) folder_ = std::move(folder);
}

Mounted& Mounted::operator=(Mounted&& other) noexcept {
  std::swap(folder_, other.folder_);
  return *this;
}

Mounted::~Mounted() {
  if (usable()) ::umount2(folder_.c_str(), MNT_DETACH);
}

bool run_tool(const std::string& name, std::vector<std::string> arguments) {
  for (const char* folder : {"/sbin/", "/usr/bin/"}) {
    const std::string binary = folder + name;
    if (::access(binary.c_str(), X_OK) != 0) continue;
    Process tool({binary, std::move(arguments), {}, {}, ""});
    return tool.wait() == Ending{true, 0};
  }
  return false;
}

}  // namespace guestd::support
