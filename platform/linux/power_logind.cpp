// SPDX-License-Identifier: Apache-2.0
#include "platform/linux/power_logind.hpp"

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

namespace guestd::platform {
namespace {

// org.freedesktop.login1(5). Skips inhibitors; systemd 255 and later.
constexpr std::uint64_t kSkipInhibitors = 1U << 4U;
constexpr std::chrono::seconds kAnswerLimit{10};

std::string method_for(PowerAction action) {
  switch (action) {
    case PowerAction::kPowerDown:
      return "PowerOff";
    case PowerAction::kHalt:
      return "Halt";
    case PowerAction::kReboot:
      return "Reboot";
    case PowerAction::kSuspendToRam:
      return "Suspend";
    case PowerAction::kSuspendToDisk:
      return "Hibernate";
    case PowerAction::kHybridSleep:
      break;
  }
  return "HybridSleep";
}

BusCall manager_call(std::string method, std::vector<BusArgument> arguments = {}) {
  return {"org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
          std::move(method),        std::move(arguments),      kAnswerLimit};
}

Result<void> act(BusConnection& connection, const std::string& method) {
  // Root passes over inhibitors by itself up to systemd 256; later versions have to be told.
  auto asked = connection.call(manager_call(method, {false}));
  if (asked) return {};
  Error refusal = std::move(asked).error();
  if (refusal.errno_value == ETIMEDOUT) return refusal;
  if (connection.call(manager_call(method + "WithFlags", {kSkipInhibitors}))) return {};
  return refusal;
}

}  // namespace

Result<LogindAnswer> act_by_logind(const SystemBus& bus, PowerAction action) {
  const auto connection = bus.connect();
  // Whatever is wrong with the bus: nothing has been asked of logind.
  if (!connection) return LogindAnswer::kAbsent;
  const std::string method = method_for(action);
  const auto can = (*connection)->call(manager_call("Can" + method));
  if (!can) return LogindAnswer::kAbsent;
  const std::string* word = can->size() == 1 ? can->front().text() : nullptr;
  if (word == nullptr) return Error{"logind gives no answer to Can" + method};
  if (*word == "na") return LogindAnswer::kImpossible;
  if (*word == "no") return Error{"logind does not allow " + method, EACCES};
  // "yes"; "challenge" or "inhibited" are for callers who are not root, and then the call itself is refused.
  if (auto acted = act(**connection, method); !acted) return std::move(acted).error();
  return LogindAnswer::kBegun;
}

}  // namespace guestd::platform
