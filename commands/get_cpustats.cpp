// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/cpu_times.hpp"

namespace guestd::commands {

namespace {

GuestLinuxCpuStats stats_of(const platform::CpuTimes& times) {
  GuestLinuxCpuStats stats;
  stats.cpu = times.number;
  stats.user = times.user_ms;
  stats.nice = times.nice_ms;
  stats.system = times.system_ms;
  stats.idle = times.idle_ms;
  stats.iowait = times.iowait_ms;
  stats.irq = times.irq_ms;
  stats.softirq = times.softirq_ms;
  stats.steal = times.steal_ms;
  stats.guest = times.guest_ms;
  stats.guestnice = times.guest_nice_ms;
  return stats;
}

}  // namespace

Result<GetCpustatsResult> get_cpustats(Context& context) {
  const auto all = platform::cpu_times(context.host.root);
  if (!all) return all.error();
  GetCpustatsResult result;
  result.reserve(all->size());
  for (const platform::CpuTimes& times : *all) result.push_back({GuestCpuStatsType::kLinux, stats_of(times)});
  return result;
}

}  // namespace guestd::commands
