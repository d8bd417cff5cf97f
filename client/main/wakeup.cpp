// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "client/lib/machine_proof.hpp"
#include "client/main/monitor_access.hpp"
#include "client/main/verbs.hpp"

namespace guestd::guestctl {
namespace {

Result<int> run_wakeup(const Context& context) {
  const auto monitor = open_monitor(context);
  if (!monitor) return monitor.error();
  client::MonitorEvents events(**monitor);
  const auto limit = context.limit_or(std::chrono::seconds(10));
  const auto woken = client::wake_up(**monitor, events, client::deadline_in(limit));
  if (!woken) return woken.error();
  print(context.json ? "{\"awake\": true}\n" : "the machine is awake\n");
  return kExitDone;
}

}  // namespace

Action define_wakeup(CLI::App&) {
  return [](Context& context) { return run_wakeup(context); };
}

}  // namespace guestd::guestctl
