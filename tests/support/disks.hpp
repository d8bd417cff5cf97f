// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"
#include "tests/support/agent.hpp"

/// Disks for tests that need real ones: files behind loop devices, mounted where nobody else sees them.
namespace guestd::support {

/// From here on this process and its children have mounts of their own. False: it may not do that.
bool enter_private_mounts();

/// A file of this many bytes, shown as a disk while the object lives.
class LoopDisk {
 public:
  LoopDisk() = default;
  LoopDisk(const std::string& file, std::size_t size_bytes);
  LoopDisk(LoopDisk&& other) noexcept = default;
  LoopDisk& operator=(LoopDisk&& other) noexcept;
  ~LoopDisk();

  [[nodiscard]] bool usable() const { return device_.valid(); }
  [[nodiscard]] const std::string& node() const { return node_; }
  [[nodiscard]] std::string name() const { return node_.substr(node_.rfind('/') + 1); }

 private:
  UniqueFd device_;
  std::string node_;
};

/// Unmounts at the end.
class Mounted {
 public:
  Mounted() = default;
  /// Makes the folder; usable() tells how it went.
  Mounted(const std::string& source, std::string folder, const std::string& type, const std::string& options = "");
  Mounted(Mounted&& other) noexcept : folder_(std::exchange(other.folder_, "")) {}
  Mounted& operator=(Mounted&& other) noexcept;
  ~Mounted();

  [[nodiscard]] bool usable() const { return !folder_.empty(); }
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

/// Runs a program of /sbin or /usr/bin; true if it is there and ended well.
bool run_tool(const std::string& name, std::vector<std::string> arguments);

}  // namespace guestd::support
