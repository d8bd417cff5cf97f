// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/limits.hpp"
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/dhcp.hpp"
#include "platform/identity.hpp"
#include "platform/set_clock.hpp"

namespace guestd::commands {
namespace {

void note(GuestdAfterRestore& report, GuestdRestoreStepName step, std::string message) {
  report.steps.push_back({step, GuestdRestoreOutcome::kDone, std::move(message)});
}

void note(GuestdAfterRestore& report, GuestdRestoreStepName step, Error error) {
  const auto outcome =
      error.kind == Error::Kind::kUnsupported ? GuestdRestoreOutcome::kUnsupported : GuestdRestoreOutcome::kFailed;
  report.steps.push_back({step, outcome, std::move(error.text)});
}

void renew_random(const platform::Host& host, std::span<const std::byte> fresh, GuestdAfterRestore& report) {
  auto renewed = platform::renew_random_numbers(*host.identity, fresh, host.clock->now_ns());
  if (!renewed) return note(report, GuestdRestoreStepName::kRandom, std::move(renewed).error());
  note(report, GuestdRestoreStepName::kRandom,
       fresh.empty() ? std::string("without bytes of the host")
                     : "with " + std::to_string(fresh.size()) + " bytes of the host");
}

/// The present, and where it comes from.
struct Present {
  std::int64_t now_ns;
  const char* source;
};

Result<Present> present(const platform::Host& host, std::optional<std::int64_t> told_ns) {
  if (told_ns) return Present{*told_ns, "set to the host's word"};
  // More exact than the hardware clock, which counts seconds.
  if (const auto now = host.clock_devices->read_host_clock()) return Present{*now, "set from the hypervisor's clock"};
  const auto now = platform::hardware_clock_ns(host.clock_tools());
  if (!now) return now.error();
  return Present{*now, "set from the hardware clock"};
}

void step_clock(const platform::Host& host, std::optional<std::int64_t> told_ns, GuestdAfterRestore& report) {
  const auto now = present(host, told_ns);
  if (!now) return note(report, GuestdRestoreStepName::kClock, now.error());
  const std::int64_t before_ns = host.clock->now_ns();
  auto set = host.clock_devices->set_system_clock(now->now_ns);
  if (!set) return note(report, GuestdRestoreStepName::kClock, std::move(set).error());
  report.clock_moved_ns = now->now_ns - before_ns;
  note(report, GuestdRestoreStepName::kClock, std::string(now->source));
}

void renew_id(const platform::Host& host, GuestdAfterRestore& report) {
  auto id = platform::renew_machine_id(*host.identity);
  if (!id) return note(report, GuestdRestoreStepName::kMachineId, std::move(id).error());
  report.machine_id = *std::move(id);
  note(report, GuestdRestoreStepName::kMachineId, std::string("in force for what starts from now on"));
}

void renew_dhcp(const platform::Host& host, GuestdAfterRestore& report) {
  auto renewed = platform::renew_leases(host.root, *host.bus, *host.programs);
  if (!renewed) return note(report, GuestdRestoreStepName::kDhcp, std::move(renewed).error());
  note(report, GuestdRestoreStepName::kDhcp, *std::move(renewed));
}

}  // namespace

Result<GuestdAfterRestoreResult> guestd_after_restore(Context& context, const GuestdAfterRestoreArgs& args) {
  if (args.time) {
    if (auto valid = platform::check_clock_time(*args.time); !valid) return std::move(valid).error();
  }
  std::span<const std::byte> fresh;
  if (args.entropy) {
    auto bytes = args.entropy->decode();
    if (!bytes) return std::move(bytes).error();
    if (bytes->size() > limits::kRestoreEntropyBytes)
      return Error{"entropy has more than " + std::to_string(limits::kRestoreEntropyBytes) + " bytes"};
    fresh = *bytes;
  }
  GuestdAfterRestore report;
  // Random numbers first, because the new identity is drawn from them.
  renew_random(context.host, fresh, report);
  step_clock(context.host, args.time, report);
  if (args.renew_machine_id.value_or(false)) renew_id(context.host, report);
  if (args.renew_dhcp.value_or(false)) renew_dhcp(context.host, report);
  return report;
}

}  // namespace guestd::commands
