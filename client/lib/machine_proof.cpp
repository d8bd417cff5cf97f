// SPDX-License-Identifier: Apache-2.0
#include "client/lib/machine_proof.hpp"

#include <optional>
#include <string>
#include <variant>

#include "generated/qmp/calls.hpp"

namespace guestd::client {
namespace {

using qmp::RunState;

template <typename... Kinds>
bool is_any(const qmp::Event& event) {
  return (std::holds_alternative<Kinds>(event) || ...);
}

/// The state now; nothing if QEMU is gone or does not tell.
std::optional<RunState> state_of(Monitor& monitor) {
  const auto status = qmp::query_status(monitor);
  if (!status) return std::nullopt;
  return status->status;
}

Error instead(const qmp::Event& event, const std::string& wanted) {
  return Error{"the machine did not " + wanted + ": QEMU reports " + std::string(event_name(event))};
}

Error late(Monitor& monitor, const std::string& wanted) {
  const auto state = state_of(monitor);
  std::string text = "the machine did not " + wanted + " in time";
  if (state) text += "; it is " + std::string(qmp::to_string(*state));
  return Error::timed_out(std::move(text));
}

bool is_failure(const qmp::Event& event) { return is_any<qmp::GuestPanickedEvent, qmp::StopEvent>(event); }

}  // namespace

Result<void> await_shutdown(Monitor& monitor, MonitorEvents& events, Deadline deadline) {
  const auto event = events.next(deadline, [](const qmp::Event& each) {
    return is_any<qmp::ShutdownEvent, qmp::ResetEvent>(each) || is_failure(each);
  });
  if (event && std::holds_alternative<qmp::ShutdownEvent>(*event)) return {};
  if (event) {
    // With -no-shutdown QEMU stops the machine, and says so first.
    if (state_of(monitor) == RunState::kShutdown) return {};
    return instead(*event, "shut down");
  }
  if (event.error().kind == Error::Kind::kUnreachable) return {};  // QEMU has ended
  if (state_of(monitor) == RunState::kShutdown) return {};
  return late(monitor, "shut down");
}

Result<void> await_reset(Monitor& monitor, MonitorEvents& events, Deadline deadline) {
  const auto event = events.next(deadline, [](const qmp::Event& each) {
    return is_any<qmp::ResetEvent, qmp::ShutdownEvent>(each) || is_failure(each);
  });
  if (event && std::holds_alternative<qmp::ResetEvent>(*event)) return {};
  if (event) return instead(*event, "reboot");
  if (event.error().kind == Error::Kind::kUnreachable) return event.error();
  return late(monitor, "reboot");
}

Result<void> await_suspend(Monitor& monitor, MonitorEvents& events, Deadline deadline) {
  if (state_of(monitor) == RunState::kSuspended) return {};
  const auto event = events.next(deadline, [](const qmp::Event& each) {
    return is_any<qmp::SuspendEvent, qmp::SuspendDiskEvent, qmp::ResetEvent>(each) ||
           std::holds_alternative<qmp::GuestPanickedEvent>(each);
  });
  if (event && is_any<qmp::SuspendEvent, qmp::SuspendDiskEvent>(*event)) return {};
  if (event) return instead(*event, "go to sleep");
  if (event.error().kind == Error::Kind::kUnreachable) return event.error();
  return late(monitor, "go to sleep");
}

Result<void> wake_up(Monitor& monitor, MonitorEvents& events, Deadline deadline) {
  const auto status = qmp::query_status(monitor);
  if (!status) return status.error();
  if (status->status != RunState::kSuspended) {
    return Error{"the machine does not sleep: it is " + std::string(qmp::to_string(status->status))};
  }
  if (auto woken = qmp::system_wakeup(monitor); !woken) return woken.error();
  const auto event = events.next(deadline, [](const qmp::Event& each) { return is_any<qmp::WakeupEvent>(each); });
  if (event || state_of(monitor) == RunState::kRunning) return {};
  if (event.error().kind == Error::Kind::kUnreachable) return event.error();
  return late(monitor, "wake up");
}

Result<void> forget_missed_ticks(Monitor& monitor) {
  const auto done = qmp::rtc_reset_reinjection(monitor);
  if (!done) return done.error();
  return {};
}

}  // namespace guestd::client
