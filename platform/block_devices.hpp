// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "platform/device_database.hpp"
#include "platform/device_stack.hpp"
#include "platform/in_time.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// All four are -1 for a disk that is not behind PCI.
struct PciAddress {
  int domain = -1;
  int bus = -1;
  int slot = -1;
  int function = -1;

  bool operator==(const PciAddress&) const = default;
};

/// Place of a disk on IBM Z: the subchannel, and the number of the device in it.
struct CcwAddress {
  unsigned cssid = 0;
  unsigned ssid = 0;
  unsigned subchannel = 0;
  unsigned device = 0;

  bool operator==(const CcwAddress&) const = default;
};

enum class DiskBus {
  kUnknown,
  kFloppy,
  kIde,
  kSata,
  kScsi,
  kSas,
  kIscsi,
  kFibre,
  kRaid,  ///< the disk of a RAID controller
  kUsb,
  kVirtio,
  kXen,
  kNvme,
  kMmc,
  kSd,
};

/// Where a disk is attached, in the terms in which a host configures it: `bus` is a channel of the controller, `target`
/// a place on it, and `unit` the LUN; for IDE `bus` and `unit` are channel and place, for SATA `unit` is the port.
struct DiskAddress {
  PciAddress pci;
  std::optional<CcwAddress> ccw;
  DiskBus type = DiskBus::kUnknown;
  std::uint64_t bus = 0;
  std::uint64_t target = 0;
  std::uint64_t unit = 0;
  std::string serial;  ///< udev's ID_SERIAL, or else what sysfs has; empty: not known, or not told in time
  std::string node;    ///< of the disk or partition that was asked for
};

/// Asks a disk for its serial number. Thread-safe.
class SerialSource {
 public:
  virtual ~SerialSource() = default;
  /// Empty if there is none. May never return: some disks are asked anew each time (drivers/block/virtio_blk.c), and
  /// one that has failed does not answer.
  [[nodiscard]] virtual std::string serial(const Root& root, const BlockDevice& disk) const = 0;
};

/// What sysfs has.
class SysfsSerials final : public SerialSource {
 public:
  [[nodiscard]] std::string serial(const Root& root, const BlockDevice& disk) const override;
};

/// Finds addresses, and remembers those of disks while it lives, because partitions and volumes share disks. One thread
/// at a time.
class DiskAddresses {
 public:
  /// All three outlive it.
  DiskAddresses(const Root& root, const DeviceDatabase& database, const std::shared_ptr<const SerialSource>& serials,
                InTime& in_time)
      : root_(root), database_(database), serials_(serials), in_time_(in_time) {}

  /// Of a disk or partition that is not virtual.
  DiskAddress of(const BlockDevice& device);
  /// Finds those of many at once, for of(): disks that do not answer cost no more time than one.
  void look_up(const std::vector<BlockDevice>& devices);

 private:
  void ask_for_serials(const std::vector<BlockDevice>& disks);

  const Root& root_;
  const DeviceDatabase& database_;
  const std::shared_ptr<const SerialSource>& serials_;
  InTime& in_time_;
  std::map<std::string, DiskAddress> of_disks_;
};

/// Where a disk is attached, from its place in sysfs. Without serial and node.
DiskAddress address_in_sysfs(const Root& root, const BlockDevice& disk);

/// All disks that have a size, by name: virtual ones included, partitions and empty drives not. The error names the
/// folder.
Result<std::vector<BlockDevice>> disks(const Root& root);

/// The name that device mapper has for a volume, such as that of a logical volume; nothing for other devices.
std::optional<std::string> volume_name(const Root& root, const BlockDevice& disk);

/// The devices that udev knows as members of a ZFS pool.
std::vector<BlockDevice> zfs_members(const Root& root, const DeviceDatabase& database, const std::string& pool);

}  // namespace guestd::platform
