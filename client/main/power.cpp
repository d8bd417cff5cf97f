// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>

#include "client/main/ask.hpp"
#include "client/main/verbs.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

/// A guest that goes down says nothing, so no answer in this time means that it went.
constexpr std::chrono::seconds kSilence{5};

template <typename C>
Result<int> tell(const Context& context, const typename C::Arguments& args) {
  auto connection = context.connect();
  if (!connection) return std::move(connection).error();
  if (auto told = ask<C>(**connection, args, context.limit_or(kSilence)); !told) return std::move(told).error();
  return kExitDone;
}

Action power_action(std::string mode) {
  return [mode = std::move(mode)](Context& context) { return tell<agent::calls::Shutdown>(context, {.mode = mode}); };
}

}  // namespace

Action define_shutdown(CLI::App& /*app*/) { return power_action("powerdown"); }
Action define_reboot(CLI::App& /*app*/) { return power_action("reboot"); }
Action define_halt(CLI::App& /*app*/) { return power_action("halt"); }

Action define_suspend(CLI::App& app) {
  auto mode = std::make_shared<std::string>("ram");
  app.add_option("MODE", *mode, "ram (the default), disk or hybrid")->check(CLI::IsMember({"ram", "disk", "hybrid"}));
  return [mode](Context& context) {
    if (*mode == "disk") return tell<agent::calls::SuspendDisk>(context, {});
    if (*mode == "hybrid") return tell<agent::calls::SuspendHybrid>(context, {});
    return tell<agent::calls::SuspendRam>(context, {});
  };
}

}  // namespace guestd::guestctl
