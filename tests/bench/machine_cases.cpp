// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "tests/bench/cases.hpp"
#include "tests/support/disks.hpp"

namespace guestd::bench {
namespace {

using support::Mounted;

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text << '\n'; }

std::string made(const std::string& folder) {
  std::filesystem::create_directory(folder);
  return folder + "/";
}

}  // namespace

LargeMachine::LargeMachine(std::size_t cpus, std::size_t memory_blocks) {
  static const bool allowed = support::enter_private_mounts();
  if (!allowed) return;
  auto cpu_folder = Mounted("none", "/sys/devices/system/cpu", "tmpfs", "size=16m");
  auto memory_folder = Mounted("none", "/sys/devices/system/memory", "tmpfs", "size=64m,nr_inodes=0");
  if (!cpu_folder.usable() || !memory_folder.usable()) return;
  write(cpu_folder.folder() + "/online", "0-" + std::to_string(cpus - 1));
  for (std::size_t i = 0; i < cpus; ++i) write(made(cpu_folder.folder() + "/cpu" + std::to_string(i)) + "online", "1");
  write(memory_folder.folder() + "/block_size_bytes", "8000000");
  for (std::size_t i = 0; i < memory_blocks; ++i) {
    const std::string block = made(memory_folder.folder() + "/memory" + std::to_string(i));
    write(block + "state", "online");
    write(block + "online", "1");
    write(block + "removable", "1");
    write(block + "phys_index", std::to_string(i));
  }
  mounts_.push_back(std::move(cpu_folder));
  mounts_.push_back(std::move(memory_folder));
}

}  // namespace guestd::bench
