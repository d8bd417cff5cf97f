// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "tests/support/fixture_root.hpp"

namespace guestd::support {

/// Builds block devices below /sys of a fixture the way the kernel shows them: a folder in /sys/devices, and links to
/// it in /sys/block, /sys/class/block and /sys/dev/block.
class BlockTree {
 public:
  explicit BlockTree(const FixtureRoot& fixture) : fixture_(fixture) {}

  /// `path` is below /sys/devices and ends in the name of the disk; `number` is like `8:0`.
  void disk(const std::string& path, std::string_view number, std::string_view size_sectors = "2048") const {
    add(path, number, "disk");
    attribute(path + "/size", size_sectors);
    std::filesystem::create_directories(folder() / "devices" / path / "slaves");
    link("block/" + name_of(path), path);
  }
  void partition(const std::string& disk_path, const std::string& name, std::string_view number) const {
    add(disk_path + "/" + name, number, "partition");
    attribute(disk_path + "/" + name + "/size", "1024");
  }
  /// A volume below virtual/block.
  void volume(const std::string& name, std::string_view number) const { disk("virtual/block/" + name, number); }
  /// Says that the volume `upper` is made of the device at `path`.
  void part(const std::string& upper, const std::string& path) const {
    link("devices/virtual/block/" + upper + "/slaves/" + name_of(path), path);
  }
  /// A file below /sys/devices, with a newline behind its content as sysfs has it.
  void attribute(const std::string& path, std::string_view content) const {
    fixture_.dir().write("sys/devices/" + path, std::string(content) + "\n");
  }
  /// The folder at `path` below /sys/devices is a device with this driver.
  void driver(const std::string& path, const std::string& name) const {
    std::filesystem::create_directories(folder() / "devices" / path);
    relative_link("devices/" + path + "/driver", "bus/drivers/" + name);
  }
  /// A link at `from` below /sys to `path` below /sys/devices.
  void link(const std::string& from, const std::string& path) const { relative_link(from, "devices/" + path); }

 private:
  [[nodiscard]] std::filesystem::path folder() const { return fixture_.dir().path() / "sys"; }
  static std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

  void add(const std::string& path, std::string_view number, std::string_view type) const {
    const std::string text(number);
    const std::size_t colon = text.find(':');
    attribute(path + "/uevent", "MAJOR=" + text.substr(0, colon) + "\nMINOR=" + text.substr(colon + 1) +
                                    "\nDEVNAME=" + name_of(path) + "\nDEVTYPE=" + std::string(type));
    link("class/block/" + name_of(path), path);
    link("dev/block/" + text, path);
  }

  void relative_link(const std::string& from, const std::string& to) const {
    const auto at = folder() / from;
    std::filesystem::create_directories(at.parent_path());
    std::filesystem::remove(at);
    std::filesystem::create_symlink((folder() / to).lexically_relative(at.parent_path()), at);
  }

  const FixtureRoot& fixture_;
};

}  // namespace guestd::support
