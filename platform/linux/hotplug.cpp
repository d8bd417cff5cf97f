// SPDX-License-Identifier: Apache-2.0
#include "platform/hotplug.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "platform/cpus.hpp"
#include "platform/linux/fields.hpp"
#include "platform/linux/sysfs_folder.hpp"
#include "platform/memory_blocks.hpp"

namespace guestd::platform {
namespace {

using Kind = HotplugDevice::Kind;

/// How the kernel names devices of one kind, below /sys and in its messages.
struct Naming {
  Kind kind;
  std::string_view folder;  ///< without /sys
  std::string_view prefix;
};

constexpr std::array kNamings{
    Naming{Kind::kCpu, "/devices/system/cpu/", "cpu"},
    Naming{Kind::kMemoryBlock, "/devices/system/memory/", "memory"},
};

std::optional<HotplugDevice> parse_device(std::string_view path) {
  for (const Naming& naming : kNamings) {
    if (!path.starts_with(naming.folder)) continue;
    std::string_view name = path.substr(naming.folder.size());
    HotplugDevice device{naming.kind, 0};
    if (!name.starts_with(naming.prefix)) return std::nullopt;
    name.remove_prefix(naming.prefix.size());
    if (!parse_number(name, device.number)) return std::nullopt;
    if (device.number > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) return std::nullopt;
    return device;
  }
  return std::nullopt;
}

/// Whether a device can be switched, and then whether it is online.
Result<std::optional<bool>> state_of(const Root& root, const HotplugDevice& device) {
  if (device.kind == Kind::kMemoryBlock) return memory_block_state(root, device.number);
  const auto found = cpu(root, static_cast<std::int64_t>(device.number));
  if (!found) return found.error();
  return found->can_offline ? std::optional(found->online) : std::nullopt;
}

bool has_gone(const Error& error) { return error.errno_value == ENOENT || error.errno_value == ENODEV; }

}  // namespace

std::string name_of(const HotplugDevice& device) {
  return (device.kind == Kind::kCpu ? "cpu" : "memory") + std::to_string(device.number);
}

std::optional<HotplugEvent> parse_hotplug_event(std::string_view message) {
  // The first text tells action and path; the properties behind it repeat them.
  const std::size_t end = message.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view header = message.substr(0, end);
  const std::size_t at = header.find('@');
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view action = header.substr(0, at);
  if (action != "add" && action != "remove") return std::nullopt;
  constexpr std::string_view kMadeUp("\0SYNTH_UUID=", 12);
  if (message.find(kMadeUp, end) != std::string_view::npos) return std::nullopt;
  const auto device = parse_device(header.substr(at + 1));
  if (!device) return std::nullopt;
  return HotplugEvent{*device, action == "add"};
}

std::vector<HotplugDevice> hotplug_devices(const Root& root) {
  std::vector<HotplugDevice> devices;
  for (const Naming& naming : kNamings) {
    const auto folder = SysfsFolder::open(root, "/sys" + std::string(naming.folder));
    if (!folder) continue;
    const auto numbers = folder->numbers(naming.prefix);
    if (!numbers) continue;
    for (const std::uint64_t number : *numbers) devices.push_back({naming.kind, number});
  }
  return devices;
}

Result<bool> bring_online(const Root& root, const OnlineSwitch& online_switch, const HotplugDevice& device) {
  const auto before = state_of(root, device);
  if (!before) return has_gone(before.error()) ? Result<bool>(false) : before.error();
  if (before->value_or(true)) return false;
  auto done = device.kind == Kind::kCpu ? online_switch.set_cpu(static_cast<std::int64_t>(device.number), true)
                                        : online_switch.set_memory_block(device.number, true);
  if (done) return true;
  // The kernel refuses to do what a rule of udev, or the kernel itself, has done in the meantime.
  const auto after = state_of(root, device);
  if (after ? after->value_or(true) : has_gone(after.error())) return false;
  return std::move(done).error();
}

}  // namespace guestd::platform
