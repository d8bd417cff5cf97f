// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>

#include "client/lib/machine_proof.hpp"
#include "client/main/ask.hpp"
#include "client/main/monitor_access.hpp"
#include "client/main/verbs.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

/// A guest that goes down says nothing, so no answer in this time means that it went.
constexpr std::chrono::seconds kSilence{5};
/// A guest may have services that take their time to stop.
constexpr std::chrono::minutes kToGoDown{5};
constexpr std::chrono::minutes kToFallAsleep{2};

using Await = Result<void> (*)(client::Monitor&, client::MonitorEvents&, client::Deadline);

template <typename C>
Result<void> tell(const Context& context, const typename C::Arguments& args, std::chrono::milliseconds silence) {
  auto connection = context.connect();
  if (!connection) return std::move(connection).error();
  if (auto told = ask<C>(**connection, args, silence); !told) return std::move(told).error();
  return {};
}

/// Asks, and waits until QEMU tells that it has come true. `monitor` listens since before the guest was asked.
template <typename C>
Result<int> tell_and_await(const Context& context, const typename C::Arguments& args, client::Monitor& monitor,
                           Await await, std::chrono::milliseconds usual) {
  client::MonitorEvents events(monitor);
  const auto deadline = client::deadline_in(context.limit_or(usual));
  if (auto told = tell<C>(context, args, kSilence); !told) return std::move(told).error();
  if (auto come_true = await(monitor, events, deadline); !come_true) return std::move(come_true).error();
  return kExitDone;
}

Result<int> go_down(const Context& context, const std::string& mode, Await await) {
  using Shutdown = agent::calls::Shutdown;
  if (await == nullptr) {
    if (auto told = tell<Shutdown>(context, {.mode = mode}, context.limit_or(kSilence)); !told) {
      return std::move(told).error();
    }
    return kExitDone;
  }
  auto monitor = open_monitor(context);
  if (!monitor) return std::move(monitor).error();
  return tell_and_await<Shutdown>(context, {.mode = mode}, **monitor, await, kToGoDown);
}

Action define_going_down(CLI::App& app, std::string mode, Await await, const std::string& proof) {
  auto wait = std::make_shared<bool>(false);
  app.add_flag("--wait", *wait, "until QEMU's monitor tells that the machine " + proof);
  return [mode = std::move(mode), await, wait](Context& context) {
    return go_down(context, mode, *wait ? await : nullptr);
  };
}

/// Where there is a monitor, success is what QEMU sees; elsewhere it is that the guest did not say no.
template <typename C>
Result<int> fall_asleep(const Context& context) {
  const auto monitor = open_monitor_if_any(context);
  if (!monitor) return monitor.error();
  if (*monitor) return tell_and_await<C>(context, {}, **monitor, client::await_suspend, kToFallAsleep);
  if (auto told = tell<C>(context, {}, context.limit_or(kSilence)); !told) return std::move(told).error();
  return kExitDone;
}

}  // namespace

Action define_shutdown(CLI::App& app) { return define_going_down(app, "powerdown", client::await_shutdown, "is off"); }

Action define_reboot(CLI::App& app) {
  return define_going_down(app, "reboot", client::await_reset, "has started again");
}

// A machine that is halted stays on, and QEMU has nothing to tell of it.
Action define_halt(CLI::App& /*app*/) {
  return [](Context& context) { return go_down(context, "halt", nullptr); };
}

Action define_suspend(CLI::App& app) {
  auto mode = std::make_shared<std::string>("ram");
  app.add_option("MODE", *mode, "ram (the default), disk or hybrid")->check(CLI::IsMember({"ram", "disk", "hybrid"}));
  return [mode](Context& context) {
    if (*mode == "disk") return fall_asleep<agent::calls::SuspendDisk>(context);
    if (*mode == "hybrid") return fall_asleep<agent::calls::SuspendHybrid>(context);
    return fall_asleep<agent::calls::SuspendRam>(context);
  };
}

}  // namespace guestd::guestctl
