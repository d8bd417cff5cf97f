// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "platform/root.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::support {

/// CPUs and memory of a machine that a test makes up, as sysfs shows them.
class MachineTree {
 public:
  [[nodiscard]] const TempDir& dir() const { return dir_; }
  [[nodiscard]] platform::Root root() const { return *platform::Root::at(dir_.str()); }

  /// Without `online` the CPU cannot be switched.
  void add_cpu(std::uint64_t number, std::optional<bool> online) const {
    const std::string folder = cpu(number);
    std::filesystem::create_directories(dir_ / folder);
    if (online) dir_.write(folder + "/online", *online ? "1\n" : "0\n");
  }
  /// The kernel's own list of the CPUs that are online.
  void set_online_list(const std::string& list) const { dir_.write(kCpus + "/online", list + "\n"); }
  void remove_cpu(std::uint64_t number) const { std::filesystem::remove_all(dir_ / cpu(number)); }

  /// Without `state` the block cannot be switched.
  void add_block(std::uint64_t number, const std::optional<std::string>& state, bool removable = true) const {
    const std::string folder = block(number);
    std::filesystem::create_directories(dir_ / folder);
    if (state) dir_.write(folder + "/state", *state + "\n");
    dir_.write(folder + "/removable", removable ? "1\n" : "0\n");
  }
  void remove_block(std::uint64_t number) const { std::filesystem::remove_all(dir_ / block(number)); }
  void set_kernel(const std::string& release) const {
    dir_.write("proc/sys/kernel/osrelease", release + "\n");
    dir_.write("proc/sys/kernel/version", "#1 SMP\n");
    dir_.write("proc/sys/kernel/arch", "x86_64\n");
  }

  static std::string cpu(std::uint64_t number) { return kCpus + "/cpu" + std::to_string(number); }
  static std::string block(std::uint64_t number) { return kMemory + "/memory" + std::to_string(number); }

  inline static const std::string kCpus = "sys/devices/system/cpu";
  inline static const std::string kMemory = "sys/devices/system/memory";

 private:
  TempDir dir_;
};

}  // namespace guestd::support
