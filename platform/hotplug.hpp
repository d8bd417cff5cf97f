// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/online_switch.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// What can be plugged into a running machine and has to be taken into use then.
struct HotplugDevice {
  enum class Kind { kCpu, kMemoryBlock };

  Kind kind = Kind::kCpu;
  std::uint64_t number = 0;

  friend auto operator<=>(const HotplugDevice&, const HotplugDevice&) = default;
};

/// As the kernel calls it: `cpu4`, `memory32`.
std::string name_of(const HotplugDevice& device);

struct HotplugEvent {
  HotplugDevice device;
  bool added = true;  ///< false: removed
};

/// Reads a message of the kernel (`add@/devices/system/cpu/cpu4`, NUL, `ACTION=add`, NUL, ...): nothing if it is about
/// anything else than a CPU or a block of memory that comes or goes, or if somebody made the kernel say it (`udevadm
/// trigger`; marked by SYNTH_UUID since Linux 4.13). Sources: Linux, lib/kobject_uevent.c; ABI/testing/sysfs-uevent.
std::optional<HotplugEvent> parse_hotplug_event(std::string_view message);

/// The kernel's own news of CPUs and blocks of memory; no udev is needed. News of other devices wake nobody: the kernel
/// drops them by a filter. One thread at a time.
class HotplugEvents {
 public:
  struct News {
    std::vector<HotplugEvent> events;
    bool lost_some = false;  ///< more came than the kernel keeps
  };

  virtual ~HotplugEvents() = default;
  /// Readable when there is something to take().
  [[nodiscard]] virtual int fd() const = 0;
  /// All that has come. Never waits.
  virtual News take() = 0;
};

/// An error where the kernel gives no news, as in most containers.
Result<std::unique_ptr<HotplugEvents>> watch_hotplug();

/// What is plugged in now, online or not, in ascending order.
std::vector<HotplugDevice> hotplug_devices(const Root& root);

/// Takes a device into use. False if it was already, or has gone, or cannot be switched: then nothing was done. A
/// device that somebody else takes into use at the same moment is no error.
Result<bool> bring_online(const Root& root, const OnlineSwitch& online_switch, const HotplugDevice& device);

}  // namespace guestd::platform
