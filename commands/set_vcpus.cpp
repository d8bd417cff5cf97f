// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/cpus.hpp"

namespace guestd::commands {

namespace {

Result<void> set_one(const platform::Host& host, const GuestLogicalProcessor& wanted) {
  const auto cpu = platform::cpu(host.root, wanted.logical_id);
  if (!cpu) return cpu.error();
  if (cpu->online == wanted.online) return {};
  if (!cpu->can_offline) {
    return Error{"logical processor #" + std::to_string(wanted.logical_id) + " can't be offlined"};
  }
  return host.online_switch->set_cpu(wanted.logical_id, wanted.online);
}

}  // namespace

// What was done is told before why the rest was not: a client goes on with the rest of its list, and gets the error
// then, as that of the first entry.
Result<SetVcpusResult> set_vcpus(Context& context, const SetVcpusArgs& args) {
  std::int64_t done = 0;
  for (const GuestLogicalProcessor& wanted : args.vcpus) {
    auto set = set_one(context.host, wanted);
    if (!set && done == 0) return std::move(set).error();
    if (!set) break;
    ++done;
  }
  return done;
}

}  // namespace guestd::commands
