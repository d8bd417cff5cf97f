// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ctime>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "platform/clock_devices.hpp"

namespace guestd::support {

/// Clocks that stand in a test and only record. There is a hardware clock at 2023-11-14 22:13:20, unless the test takes
/// it away, and no clock of the host, unless it gives one. Thread-safe.
class FakeClockDevices final : public platform::ClockDevices {
 public:
  /// `call` is `set`, `find`, `read`, `write` or `host`: fails with that errno from now on; 0 mends it.
  void fail(const std::string& call, int error) {
    const std::lock_guard lock(mutex_);
    errors_[call] = error;
  }
  /// What the hardware clock shows; nothing: there is none.
  void set_rtc(std::optional<std::tm> shown) {
    const std::lock_guard lock(mutex_);
    rtc_ = shown;
  }
  void set_host_clock(std::int64_t now_ns) {
    const std::lock_guard lock(mutex_);
    host_ns_ = now_ns;
  }
  /// `set 1700000000000000000`, `rtc 2023-11-14 22:13:20`: what was changed, in that order.
  [[nodiscard]] std::vector<std::string> log() const {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  Result<void> set_system_clock(std::int64_t now_ns) override {
    const std::lock_guard lock(mutex_);
    if (const int error = errors_["set"]) return Error::from_errno("cannot set the system clock", error);
    log_.push_back("set " + std::to_string(now_ns));
    return {};
  }
  Result<void> find_rtc() override {
    const std::lock_guard lock(mutex_);
    if (const int error = errors_["find"]) return Error::from_errno("cannot open /dev/rtc0", error);
    if (!rtc_) return Error::unsupported("there is no hardware clock");
    return {};
  }
  Result<std::tm> read_rtc() override {
    const std::lock_guard lock(mutex_);
    if (const int error = errors_["read"]) return Error::from_errno("cannot read the hardware clock", error);
    if (!rtc_) return Error::unsupported("there is no hardware clock");
    return *rtc_;
  }
  Result<void> write_rtc(const std::tm& shown) override {
    const std::lock_guard lock(mutex_);
    if (const int error = errors_["write"]) return Error::from_errno("cannot set the hardware clock", error);
    char text[64] = {};
    (void)std::strftime(text, sizeof text, "rtc %F %T", &shown);
    log_.emplace_back(text);
    return {};
  }
  Result<std::int64_t> read_host_clock() override {
    const std::lock_guard lock(mutex_);
    if (const int error = errors_["host"]) return Error::from_errno("cannot read /dev/ptp0", error);
    if (!host_ns_) return Error::unsupported("the hypervisor offers no clock");
    return *host_ns_;
  }

  /// What a clock shows at that moment, in UTC.
  static std::tm at(std::time_t seconds) {
    std::tm shown{};
    ::gmtime_r(&seconds, &shown);
    return shown;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, int> errors_;
  std::optional<std::tm> rtc_ = at(1'700'000'000);
  std::optional<std::int64_t> host_ns_;
  std::vector<std::string> log_;
};

}  // namespace guestd::support
