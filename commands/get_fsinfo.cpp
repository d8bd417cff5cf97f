// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "commands/context.hpp"
#include "commands/disk_address.hpp"
#include "generated/commands.hpp"
#include "platform/file_systems.hpp"
#include "platform/mounts.hpp"

namespace guestd::commands {

namespace {

using platform::Mount;
using platform::MountTable;

/// Describes file systems, but not how full they are.
class Describer {
 public:
  Describer(const platform::Host& host, const MountTable& table)
      : host_(host), table_(table), addresses_(host.disk_addresses()) {}

  GetFsinfoResult describe(const std::vector<const Mount*>& mounts) {
    std::vector<platform::FileSystemPlace> places;
    std::vector<platform::BlockDevice> disks;
    for (const Mount* mount : mounts) {
      places.push_back(platform::place_of(host_.root, *host_.disks.database, table_, *mount));
      disks.insert(disks.end(), places.back().disks.begin(), places.back().disks.end());
    }
    addresses_.look_up(disks);
    GetFsinfoResult infos;
    infos.reserve(mounts.size());
    for (std::size_t i = 0; i < mounts.size(); ++i) infos.push_back(describe(*mounts[i], std::move(places[i])));
    return infos;
  }

 private:
  GuestFilesystemInfo describe(const Mount& mount, platform::FileSystemPlace place) {
    GuestFilesystemInfo info;
    info.name = std::move(place.name);
    info.mountpoint = mount.mountpoint;
    info.type = mount.type;
    for (const auto& disk : place.disks) info.disk.push_back(disk_address(addresses_.of(disk)));
    return info;
  }

  const platform::Host& host_;
  const MountTable& table_;
  platform::DiskAddresses addresses_;
};

void set_usage(GuestFilesystemInfo& info, const platform::FileSystemUsage& usage) {
  info.used_bytes = usage.used_bytes;
  info.total_bytes = usage.total_bytes;
  info.total_bytes_privileged = usage.total_privileged_bytes;
}

/// A file system that does not tell, or not in time, stays without numbers. So does one that is hidden behind another:
/// the numbers at its mount point are not its own.
void add_usages(const platform::Host& host, const MountTable& table, const std::vector<const Mount*>& mounts,
                std::vector<GuestFilesystemInfo>& infos) {
  std::vector<platform::MountedAt> asked;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    if (!table.is_visible(*mounts[i])) continue;
    asked.push_back({mounts[i]->id, mounts[i]->mountpoint});
    places.push_back(i);
  }
  const auto usages = host.disks.usages->of(asked);
  for (std::size_t i = 0; i < usages.size(); ++i) {
    if (usages[i]) set_usage(infos[places[i]], *usages[i]);
  }
}

}  // namespace

// What one file system or device does not tell costs only its own entry.
Result<GetFsinfoResult> get_fsinfo(Context& context) {
  const auto table = platform::mounts(context.host.root);
  if (!table) return table.error();
  auto mounts = platform::file_systems(*table);
  const auto settings = context.settings.now();
  std::erase_if(mounts, [&](const Mount* mount) { return !settings->access.shows_filesystem(mount->mountpoint); });
  Describer describer(context.host, *table);
  GetFsinfoResult result = describer.describe(mounts);
  add_usages(context.host, *table, mounts, result);
  std::reverse(result.begin(), result.end());  // clients expect the one that was mounted last first
  return result;
}

}  // namespace guestd::commands
