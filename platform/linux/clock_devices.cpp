// SPDX-License-Identifier: Apache-2.0
#include "platform/clock_devices.hpp"

#include <fcntl.h>
#include <linux/rtc.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <limits>
#include <string_view>
#include <thread>
#include <utility>

namespace guestd::platform {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

// The first is udev's link to the clock that the kernel itself starts from; the second is that on most machines.
constexpr std::array kRtcPaths = {"/dev/rtc", "/dev/rtc0", "/dev/misc/rtc"};
// Only one process can have it open; hwclock has it for up to a second.
constexpr auto kRtcBusyLimit = 3s;
constexpr auto kRtcLook = 5ms;
// A second of it, and a little.
constexpr auto kRtcTickLimit = 1200ms;
constexpr int kPtpDevices = 8;

bool is_absent(int code) { return code == ENOENT || code == ENXIO || code == ENODEV; }

class KernelClockDevices final : public ClockDevices {
 public:
  Result<void> set_system_clock(std::int64_t now_ns) override {
    constexpr std::int64_t kSecond = 1'000'000'000;
    timespec now{};
    now.tv_sec = static_cast<time_t>(now_ns / kSecond);
    now.tv_nsec = static_cast<long>(now_ns % kSecond);
    if (::clock_settime(CLOCK_REALTIME, &now) != 0) return Error::from_errno("cannot set the system clock", errno);
    return {};
  }

  Result<void> find_rtc() override {
    const auto rtc = open_rtc();
    if (!rtc) return rtc.error();
    return {};
  }

  Result<std::tm> read_rtc() override {
    const auto rtc = open_rtc();
    if (!rtc) return rtc.error();
    auto first = read(rtc->get());
    const auto deadline = SteadyClock::now() + kRtcTickLimit;
    while (first && SteadyClock::now() < deadline) {
      std::this_thread::sleep_for(kRtcLook);
      auto next = read(rtc->get());
      if (!next || next->tm_sec != first->tm_sec) return next;
    }
    if (first) return Error{"the hardware clock stands still"};
    return first;
  }

  Result<void> write_rtc(const std::tm& shown) override {
    const auto rtc = open_rtc();
    if (!rtc) return rtc.error();
    rtc_time time{};
    time.tm_sec = shown.tm_sec;
    time.tm_min = shown.tm_min;
    time.tm_hour = shown.tm_hour;
    time.tm_mday = shown.tm_mday;
    time.tm_mon = shown.tm_mon;
    time.tm_year = shown.tm_year;
    if (::ioctl(rtc->get(), RTC_SET_TIME, &time) != 0) return Error::from_errno("cannot set the hardware clock", errno);
    return {};
  }

  Result<std::int64_t> read_host_clock() override {
    for (int number = 0; number < kPtpDevices; ++number) {
      const std::string name = "ptp" + std::to_string(number);
      const auto driver = root_.read_file("/sys/class/ptp/" + name + "/clock_name");
      // drivers/ptp/ptp_kvm_common.c, ptp_vmclock.c, drivers/hv/hv_util.c
      if (!driver || !(driver->starts_with("KVM virtual PTP") || driver->starts_with("vmclock") ||
                       driver->starts_with("hyperv"))) {
        continue;
      }
      return read_ptp("/dev/" + name);
    }
    return Error::unsupported("the hypervisor offers no clock");
  }

 private:
  [[nodiscard]] Result<UniqueFd> open_rtc() const {
    const auto deadline = SteadyClock::now() + kRtcBusyLimit;
    for (std::size_t i = 0; i < kRtcPaths.size();) {
      auto device = root_.open(kRtcPaths[i], O_RDONLY);
      if (device) return device;
      const int code = device.error().errno_value;
      if (is_absent(code)) {
        ++i;
      } else if (code != EBUSY || SteadyClock::now() >= deadline) {
        return std::move(device).error();
      } else {
        std::this_thread::sleep_for(50ms);
      }
    }
    return Error::unsupported("there is no hardware clock");
  }

  static Result<std::tm> read(int rtc) {
    rtc_time time{};
    if (::ioctl(rtc, RTC_RD_TIME, &time) != 0) return Error::from_errno("cannot read the hardware clock", errno);
    std::tm shown{};
    shown.tm_sec = time.tm_sec;
    shown.tm_min = time.tm_min;
    shown.tm_hour = time.tm_hour;
    shown.tm_mday = time.tm_mday;
    shown.tm_mon = time.tm_mon;
    shown.tm_year = time.tm_year;
    return shown;
  }

  [[nodiscard]] Result<std::int64_t> read_ptp(const std::string& path) const {
    const auto device = root_.open(path, O_RDONLY);
    if (!device) return device.error();
    // FD_TO_CLOCKID, which clock_getres(2) shows and no header has.
    const auto clock = static_cast<clockid_t>((~static_cast<unsigned int>(device->get()) << 3U) | 3U);
    timespec now{};
    if (::clock_gettime(clock, &now) != 0) return Error::from_errno("cannot read " + path, errno);
    constexpr std::int64_t kSecond = 1'000'000'000;
    if (now.tv_sec < 0 || now.tv_sec >= std::numeric_limits<std::int64_t>::max() / kSecond)
      return Error{path + " shows no time that can be"};
    return std::int64_t{now.tv_sec} * kSecond + now.tv_nsec;
  }

  Root root_ = Root::system();
};

class RefusingClockDevices final : public ClockDevices {
 public:
  explicit RefusingClockDevices(std::string reason) : reason_(std::move(reason)) {}

  Result<void> set_system_clock(std::int64_t) override { return refused(); }
  Result<void> find_rtc() override { return refused(); }
  Result<std::tm> read_rtc() override { return refused(); }
  Result<void> write_rtc(const std::tm&) override { return refused(); }
  Result<std::int64_t> read_host_clock() override { return refused(); }

 private:
  [[nodiscard]] Error refused() const { return Error{"the clocks are left alone: " + reason_}; }

  std::string reason_;
};

}  // namespace

std::unique_ptr<ClockDevices> kernel_clock_devices(const Root& root) {
  if (!root.is_system()) return refusing_clock_devices("this is a fixture");
  return std::make_unique<KernelClockDevices>();
}

std::unique_ptr<ClockDevices> refusing_clock_devices(std::string reason) {
  return std::make_unique<RefusingClockDevices>(std::move(reason));
}

}  // namespace guestd::platform
