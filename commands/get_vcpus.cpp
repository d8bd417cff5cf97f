// SPDX-License-Identifier: Apache-2.0
#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/cpus.hpp"

namespace guestd::commands {

Result<GetVcpusResult> get_vcpus(Context& context) {
  const auto cpus = platform::cpus(context.host.root);
  if (!cpus) return cpus.error();
  GetVcpusResult result;
  result.reserve(cpus->size());
  for (const platform::Cpu& cpu : *cpus) {
    GuestLogicalProcessor& processor = result.emplace_back();
    processor.logical_id = cpu.number;
    processor.online = cpu.online;
    processor.can_offline = cpu.can_offline;
  }
  return result;
}

}  // namespace guestd::commands
