// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/pressure.hpp"

namespace guestd::commands {

namespace {

GuestdStall stall_of(const platform::Stall& stall) {
  GuestdStall result;
  result.avg10 = stall.avg10_percent;
  result.avg60 = stall.avg60_percent;
  result.avg300 = stall.avg300_percent;
  result.total = stall.total_us;
  return result;
}

Result<void> add(const platform::Root& root, platform::PressureOn resource, std::optional<GuestdPressureOn>& to) {
  const auto pressure = platform::pressure(root, resource);
  if (!pressure) return pressure.error();
  if (!*pressure) return {};
  to.emplace().some = stall_of((*pressure)->some);
  if ((*pressure)->full) to->full = stall_of(*(*pressure)->full);
  return {};
}

}  // namespace

Result<GuestdGetPressureResult> guestd_get_pressure(Context& context) {
  const platform::Root& root = context.host.root;
  GuestdGetPressureResult result;
  if (auto added = add(root, platform::PressureOn::kCpu, result.cpu); !added) return std::move(added).error();
  if (auto added = add(root, platform::PressureOn::kIo, result.io); !added) return std::move(added).error();
  if (auto added = add(root, platform::PressureOn::kMemory, result.memory); !added) return std::move(added).error();
  if (!result.cpu && !result.io && !result.memory) {
    return Error::unsupported("the guest's kernel does not tell pressure (it may need psi=1 on its command line)");
  }
  return result;
}

}  // namespace guestd::commands
