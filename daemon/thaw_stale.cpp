// SPDX-License-Identifier: Apache-2.0
#include "daemon/thaw_stale.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string>

#include "commands/freeze_state.hpp"
#include "daemon/agent.hpp"
#include "platform/freeze_marker.hpp"

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

// Whether what goes to stderr is seen: not a daemon, not a service whose output goes to the journal or nowhere.
bool has_audience(const Configuration& configuration) {
  struct stat output {};
  const bool goes_nowhere = ::fstat(STDERR_FILENO, &output) != 0 || output.st_rdev == makedev(1, 3);
  return !configuration.daemonize && !goes_nowhere && std::getenv("JOURNAL_STREAM") == nullptr;
}

}  // namespace

bool may_be_frozen(const Configuration& configuration) {
  const auto marker = platform::FreezeMarkerFile(configuration.statedir).read();
  return !marker || *marker;
}

Result<std::unique_ptr<Log>> open_log(const Configuration& configuration) {
  return Log::open({configuration.logfile.value_or(""), configuration.verbose, has_audience(configuration),
                    may_be_frozen(configuration)});
}

Result<std::unique_ptr<Audit>> open_audit(const Configuration& configuration) {
  return Audit::open({configuration.audit.enabled, configuration.audit.file.value_or(""), has_audience(configuration),
                      may_be_frozen(configuration)});
}

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
