// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands/context.hpp"
#include "commands/disk_address.hpp"
#include "generated/commands.hpp"
#include "platform/block_devices.hpp"
#include "platform/nvme_smart.hpp"

namespace guestd::commands {

namespace {

using platform::BlockDevice;

GuestNVMeSmart smart_of(const platform::NvmeSmartLog& log) {
  GuestNVMeSmart smart;
  smart.critical_warning = log.critical_warning;
  smart.temperature = log.temperature;
  smart.available_spare = log.available_spare;
  smart.available_spare_threshold = log.available_spare_threshold;
  smart.percentage_used = log.percentage_used;
  const auto set = [](const platform::WideCount& count, std::uint64_t& low, std::uint64_t& high) {
    low = count.low;
    high = count.high;
  };
  set(log.data_units_read, smart.data_units_read_lo, smart.data_units_read_hi);
  set(log.data_units_written, smart.data_units_written_lo, smart.data_units_written_hi);
  set(log.host_read_commands, smart.host_read_commands_lo, smart.host_read_commands_hi);
  set(log.host_write_commands, smart.host_write_commands_lo, smart.host_write_commands_hi);
  set(log.controller_busy_time, smart.controller_busy_time_lo, smart.controller_busy_time_hi);
  set(log.power_cycles, smart.power_cycles_lo, smart.power_cycles_hi);
  set(log.power_on_hours, smart.power_on_hours_lo, smart.power_on_hours_hi);
  set(log.unsafe_shutdowns, smart.unsafe_shutdowns_lo, smart.unsafe_shutdowns_hi);
  set(log.media_errors, smart.media_errors_lo, smart.media_errors_hi);
  set(log.error_log_entries, smart.number_of_error_log_entries_lo, smart.number_of_error_log_entries_hi);
  return smart;
}

std::optional<GuestDiskSmart> smart_of(const platform::Host& host, const BlockDevice& disk) {
  const auto page = host.disks.nvme->smart_page(disk.node);
  if (!page) return std::nullopt;
  GuestDiskSmart smart;
  smart.type = GuestDiskBusType::kNvme;
  smart.branch = smart_of(platform::parse_nvme_smart_log(*page));
  return smart;
}

std::optional<std::vector<std::string>> nodes_of(const std::optional<std::vector<BlockDevice>>& devices) {
  if (!devices) return std::nullopt;
  std::vector<std::string> nodes;
  for (const BlockDevice& device : *devices) nodes.push_back(device.node);
  return nodes;
}

GuestDiskInfo describe_disk(const platform::Host& host, platform::DiskAddresses& addresses, const BlockDevice& disk) {
  GuestDiskInfo info;
  info.name = disk.node;
  info.dependencies = nodes_of(platform::parts_of(host.root, disk));
  info.alias = platform::volume_name(host.root, disk);
  if (disk.is_virtual()) return info;
  info.address = disk_address(addresses.of(disk));
  if (info.address->bus_type == GuestDiskBusType::kNvme) info.smart = smart_of(host, disk);
  return info;
}

GuestDiskInfo describe_partition(const BlockDevice& partition, const BlockDevice& disk) {
  GuestDiskInfo info;
  info.name = partition.node;
  info.partition = true;
  info.dependencies = std::vector<std::string>{disk.node};
  return info;
}

}  // namespace

Result<GetDisksResult> get_disks(Context& context) {
  const platform::Host& host = context.host;
  const auto disks = platform::disks(host.root);
  if (!disks) return disks.error();
  platform::DiskAddresses addresses(host.root, *host.disks.database);
  GetDisksResult result;
  for (const BlockDevice& disk : *disks) {
    result.push_back(describe_disk(host, addresses, disk));
    for (const BlockDevice& partition : platform::partitions_of(host.root, disk)) {
      result.push_back(describe_partition(partition, disk));
    }
  }
  std::reverse(result.begin(), result.end());
  return result;
}

}  // namespace guestd::commands
