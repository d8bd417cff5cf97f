// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// Takes CPUs and blocks of memory into use, and out of it. The kernel may need seconds for one: what runs on a CPU or
/// lies in a block has to move. Errors carry errno_value. Thread-safe.
class OnlineSwitch {
 public:
  virtual ~OnlineSwitch() = default;
  /// `pwrite("/sys/devices/system/cpu/cpu<n>//online"): <e>`, the text of qemu-ga.
  [[nodiscard]] virtual Result<void> set_cpu(std::int64_t number, bool online) const = 0;
  /// `cannot bring memory<n> online: <e>`, `cannot take memory<n> offline: <e>`.
  [[nodiscard]] virtual Result<void> set_memory_block(std::uint64_t number, bool online) const = 0;
};

/// By the files of sysfs.
class SysfsOnlineSwitch final : public OnlineSwitch {
 public:
  explicit SysfsOnlineSwitch(Root root) : root_(std::move(root)) {}

  [[nodiscard]] Result<void> set_cpu(std::int64_t number, bool online) const override;
  [[nodiscard]] Result<void> set_memory_block(std::uint64_t number, bool online) const override;

 private:
  Root root_;
};

/// Switches nothing, with `reason`.
std::unique_ptr<const OnlineSwitch> refusing_online_switch(std::string reason);

}  // namespace guestd::platform
