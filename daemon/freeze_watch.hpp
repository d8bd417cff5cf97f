// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "commands/freeze_state.hpp"
#include "daemon/audit.hpp"
#include "daemon/log.hpp"

namespace guestd::daemon {

namespace asio = boost::asio;

/// What the daemon does about a freeze: keeps its log and its audit trail off the disks while it lasts, and calls when
/// the deadline is over. The deadline is on the clock that goes on while the machine is suspended; waiting for it costs
/// nothing, and nothing is set while nothing is frozen.
class FreezeWatch final : public commands::FreezeListener {
 public:
  /// `log` and `audit` outlive it; there may be no audit.
  static Result<std::unique_ptr<FreezeWatch>> create(asio::io_context& io, Log& log, Audit* audit = nullptr);

  /// `on_due` is called when a deadline is over, on a thread of its own, since what it does may wait. Once, before
  /// there are deadlines.
  void start(std::function<void()> on_due);

  void hold_writes(bool hold) override;
  void deadline_is(std::optional<std::chrono::nanoseconds> since_boot) override;
  void tell(Severity severity, const std::string& text) override;

 private:
  FreezeWatch(asio::io_context& io, Log& log, Audit* audit) : timer_(io), log_(log), audit_(audit) {}
  void wait();
  void call() const;

  asio::posix::stream_descriptor timer_;
  Log& log_;
  Audit* audit_;
  std::function<void()> on_due_;
};

}  // namespace guestd::daemon
