// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/disk_stats.hpp"

namespace guestd::commands {

namespace {

void set_requests(const platform::DiskStats& from, GuestDiskStats& to) {
  if (from.reads) {
    to.read_ios = from.reads->ios;
    to.read_sectors = from.reads->sectors;
  }
  if (from.writes) {
    to.write_ios = from.writes->ios;
    to.write_sectors = from.writes->sectors;
  }
}

void set_details(const platform::DiskDetails& from, GuestDiskStats& to) {
  to.read_merges = from.read_merges;
  to.read_ticks = from.read_ms;
  to.write_merges = from.write_merges;
  to.write_ticks = from.write_ms;
  to.ios_pgr = from.in_progress;
  to.total_ticks = from.busy_ms;
  to.weight_ticks = from.weighted_ms;
}

GuestDiskStats stats_of(const platform::DiskStats& from) {
  GuestDiskStats to;
  set_requests(from, to);
  if (from.details) set_details(*from.details, to);
  if (from.discards) {
    to.discard_ios = from.discards->requests.ios;
    to.discard_sectors = from.discards->requests.sectors;
    to.discard_merges = from.discards->merges;
    to.discard_ticks = from.discards->ms;
  }
  if (from.flushes) {
    to.flush_ios = from.flushes->ios;
    to.flush_ticks = from.flushes->ms;
  }
  return to;
}

}  // namespace

Result<GetDiskstatsResult> get_diskstats(Context& context) {
  auto all = platform::disk_stats(context.host.root);
  if (!all) return all.error();
  GetDiskstatsResult result;
  result.reserve(all->size());
  for (platform::DiskStats& stats : *all) {
    result.push_back({std::move(stats.name), stats.number.major, stats.number.minor, stats_of(stats)});
  }
  return result;
}

}  // namespace guestd::commands
