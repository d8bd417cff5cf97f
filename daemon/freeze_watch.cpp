// SPDX-License-Identifier: Apache-2.0
#include "daemon/freeze_watch.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <thread>
#include <utility>

#include "base/unique_fd.hpp"

namespace guestd::daemon {

Result<std::unique_ptr<FreezeWatch>> FreezeWatch::create(asio::io_context& io, Log& log, Audit* audit) {
  UniqueFd timer(::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timer.valid()) return Error::from_errno("cannot set deadlines", errno);
  std::unique_ptr<FreezeWatch> watch(new FreezeWatch(io, log, audit));
  watch->timer_.assign(timer.release());
  return watch;
}

void FreezeWatch::start(std::function<void()> on_due) {
  on_due_ = std::move(on_due);
  wait();
}

void FreezeWatch::wait() {
  timer_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    std::uint64_t expirations = 0;
    // Nothing to read: it was set anew just now.
    if (::read(timer_.native_handle(), &expirations, sizeof expirations) > 0) call();
    wait();
  });
}

// Not on a worker: all of them may be waiting for the thaw.
void FreezeWatch::call() const {
  try {
    std::thread(on_due_).detach();
  } catch (const std::system_error&) {
    on_due_();  // better a daemon that is deaf for a moment than a machine that stands still
  }
}

void FreezeWatch::hold_writes(bool hold) {
  if (hold) {
    log_.hold();
    if (audit_ != nullptr) audit_->hold();
    return;
  }
  if (auto released = log_.release(); !released) log_.error(released.error().text);
  if (audit_ == nullptr) return;
  if (auto released = audit_->release(); !released) log_.error(released.error().text);
}

// timerfd_settime(2) is safe from any thread.
void FreezeWatch::deadline_is(std::optional<std::chrono::nanoseconds> since_boot) {
  itimerspec time{};
  if (since_boot) {
    constexpr std::int64_t kSecond = 1'000'000'000;
    const std::int64_t at = std::max<std::int64_t>(since_boot->count(), 1);  // 0 would mean never
    time.it_value.tv_sec = at / kSecond;
    time.it_value.tv_nsec = at % kSecond;
  }
  ::timerfd_settime(timer_.native_handle(), TFD_TIMER_ABSTIME, &time, nullptr);
}

void FreezeWatch::tell(Severity severity, const std::string& text) {
  switch (severity) {
    case Severity::kInfo:
      return log_.info(text);
    case Severity::kWarning:
      return log_.warning(text);
    case Severity::kError:
      break;
  }
  log_.error(text);
}

}  // namespace guestd::daemon
