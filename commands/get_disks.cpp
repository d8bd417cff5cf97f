// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
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

GuestDiskSmart smart_of(const platform::NvmeSmartPage& page) {
  GuestDiskSmart smart;
  smart.type = GuestDiskBusType::kNvme;
  smart.branch = smart_of(platform::parse_nvme_smart_log(page));
  return smart;
}

bool is_nvme(const GuestDiskInfo& info) { return info.address && info.address->bus_type == GuestDiskBusType::kNvme; }

/// All at once: a disk that refuses or does not answer costs the others nothing.
void add_smart(const platform::Host& host, std::vector<GuestDiskInfo>& infos) {
  const auto pages = std::make_shared<std::vector<Result<platform::NvmeSmartPage>>>(infos.size(), Error{});
  std::vector<platform::InTime::Question> questions;
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    if (!is_nvme(infos[i])) continue;
    asked.push_back(i);
    questions.push_back({"health of " + infos[i].name, [pages, i, nvme = host.disks.nvme, node = infos[i].name] {
                           (*pages)[i] = nvme->smart_page(node);
                         }});
  }
  if (asked.empty()) return;
  const auto answered = host.disks.in_time->ask(std::move(questions));
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (!answered[i]) continue;
    if (const auto& page = (*pages)[asked[i]]) infos[asked[i]].smart = smart_of(*page);
  }
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
  auto addresses = host.disk_addresses();
  std::vector<BlockDevice> real;
  std::copy_if(disks->begin(), disks->end(), std::back_inserter(real),
               [](const auto& disk) { return !disk.is_virtual(); });
  addresses.look_up(real);
  GetDisksResult result;
  for (const BlockDevice& disk : *disks) {
    result.push_back(describe_disk(host, addresses, disk));
    for (const BlockDevice& partition : platform::partitions_of(host.root, disk)) {
      result.push_back(describe_partition(partition, disk));
    }
  }
  add_smart(host, result);
  std::reverse(result.begin(), result.end());
  return result;
}

}  // namespace guestd::commands
