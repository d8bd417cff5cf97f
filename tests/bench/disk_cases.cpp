// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/cases.hpp"
#include "tests/support/disks.hpp"

namespace guestd::bench {
namespace {

using support::LoopDisk;
using support::Mounted;

constexpr std::size_t kDiskBytes = std::size_t{2} << 20U;
constexpr std::size_t kFirstLoopDevices = 8;  // what a kernel has from the start

/// Loop devices stay when nobody uses them any more: a machine would keep hundreds.
void remove_loop_devices(std::size_t count) {
  const UniqueFd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control.valid()) return;
  for (std::size_t i = kFirstLoopDevices; i < kFirstLoopDevices + count; ++i) {
    ::ioctl(control.get(), LOOP_CTL_REMOVE, static_cast<long>(i));  // refused for those in use
  }
}

}  // namespace

struct DiskMachine::Parts {
  Mounted all;  ///< on a tmpfs of its own: last to go
  std::vector<LoopDisk> disks;
  std::vector<Mounted> mounts;
};

DiskMachine::DiskMachine(std::size_t disks, std::size_t tmpfs) {
  static const bool allowed = support::enter_private_mounts();
  if (!allowed) return;
  auto parts = std::make_unique<Parts>();
  parts->all = Mounted("none", std::filesystem::temp_directory_path() / "guestd-bench-disks", "tmpfs", "size=1g");
  if (!parts->all.usable()) return;
  const std::string folder = parts->all.folder() + "/";
  const std::string model = folder + "model";
  { const LoopDisk made(model, kDiskBytes); }
  if (!support::run_tool("mkfs.ext4", {"-q", "-F", "-O", "^has_journal", model})) return;
  for (std::size_t i = 0; i < disks; ++i) {
    const std::string file = folder + "disk" + std::to_string(i);
    std::filesystem::copy_file(model, file);
    parts->disks.emplace_back(file, kDiskBytes);
    parts->mounts.emplace_back(parts->disks.back().node(), folder + "ext4-" + std::to_string(i), "ext4");
    if (!parts->mounts.back().usable()) return;
  }
  for (std::size_t i = 0; i < tmpfs; ++i) {
    parts->mounts.emplace_back("none", folder + "tmpfs-" + std::to_string(i), "tmpfs");
  }
  parts_ = std::move(parts);
}

DiskMachine::~DiskMachine() {
  if (!usable()) return;
  const std::size_t count = parts_->disks.size();
  const std::string folder = parts_->all.folder();
  parts_->mounts.clear();
  parts_->disks.clear();
  parts_.reset();
  remove_loop_devices(count);
  std::filesystem::remove(folder);
}

}  // namespace guestd::bench
