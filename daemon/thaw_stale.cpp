// SPDX-License-Identifier: Apache-2.0
#include "daemon/thaw_stale.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "commands/freeze_state.hpp"
#include "daemon/agent.hpp"

namespace guestd::daemon {
namespace {

// A process that lives only for this needs no deadline, and holds nothing back but what a frozen disk would stop.
class Listener final : public commands::FreezeListener {
 public:
  explicit Listener(Log& log) : log_(log) {}
  void hold_writes(bool hold) override {
    if (hold) {
      log_.hold();
    } else {
      (void)log_.release();
    }
  }
  void deadline_is(std::optional<std::chrono::nanoseconds>) override {}
  void tell(Severity severity, const std::string& text) override {
    if (severity == Severity::kInfo) return log_.info(text);
    log_.warning(text);
  }

 private:
  Log& log_;
};

}  // namespace

bool is_restarted_after(std::string_view service_result) {
  constexpr std::array<std::string_view, 5> kRestarted = {"signal", "core-dump", "exit-code", "watchdog", "oom-kill"};
  return std::ranges::find(kRestarted, service_result) != kRestarted.end();
}

void thaw_stale(const Configuration& configuration, const platform::Host& host, Log& log) {
  Listener listener(log);
  commands::FreezeState freeze(host, freeze_settings(configuration), listener);
  freeze.take_over();
  freeze.thaw_for_stop(std::chrono::milliseconds(0));
}

}  // namespace guestd::daemon
