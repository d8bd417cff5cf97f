// SPDX-License-Identifier: Apache-2.0
#include "platform/set_clock.hpp"

#include <ctime>
#include <string>
#include <utility>

#include "platform/find_program.hpp"
#include "platform/time_zone.hpp"

namespace guestd::platform {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kYear2070 = 3'155'760'000;  // its begin, in seconds since 1970

bool rtc_is_local(const Root& root) {
  const auto adjtime = root.read_file("/etc/adjtime");
  return adjtime && parse_adjtime_is_local(*adjtime);
}

// What local clocks show at a moment, less the moment itself.
std::int64_t zone_offset_s(const Root& root, std::int64_t at_s) {
  const auto zone = local_zone(root, at_s);
  return zone ? zone->east_of_utc_s : 0;
}

std::int64_t utc_of(const Root& root, std::tm shown) {
  const std::int64_t seconds = ::timegm(&shown);
  if (!rtc_is_local(root)) return seconds;
  // The offset is that of a moment which depends on it: the second guess is right but in the hour of a change.
  const std::int64_t guess = seconds - zone_offset_s(root, seconds);
  return seconds - zone_offset_s(root, guess);
}

std::tm shown_at(const Root& root, std::int64_t utc_s) {
  const auto seconds = static_cast<std::time_t>(utc_s + (rtc_is_local(root) ? zone_offset_s(root, utc_s) : 0));
  std::tm shown{};
  ::gmtime_r(&seconds, &shown);
  return shown;
}

Result<void> write_rtc_by_program(const ClockTools& tools, Error device_error) {
  const auto path = find_program(tools.root, "hwclock");
  if (!path) return device_error;
  const auto end = tools.programs.run({.path = *path, .arguments = {"-w"}});
  if (!end) return Error{device_error.text + ", and " + end.error().text, device_error.errno_value};
  if (end->succeeded()) return {};
  std::string text = device_error.text + ", and " + *path + ": " + end->describe();
  if (const std::string said = end->last_lines(); !said.empty()) text += ": " + said;
  return Error{std::move(text), device_error.errno_value};
}

}  // namespace

bool parse_adjtime_is_local(std::string_view adjtime) {
  for (int line = 0; line < 2; ++line) {
    const auto end = adjtime.find('\n');
    if (end == std::string_view::npos) return false;
    adjtime.remove_prefix(end + 1);
  }
  return adjtime.substr(0, adjtime.find('\n')) == "LOCAL";
}

Result<void> check_clock_time(std::int64_t time_ns) {
  const std::int64_t seconds = time_ns / kSecond;
  if (!std::in_range<std::time_t>(seconds)) return Error{"Time " + std::to_string(time_ns) + " is too large"};
  if (time_ns < 0 || seconds >= kYear2070) return Error{"Invalid time: not within the years 1970 to 2069"};
  return {};
}

Result<std::int64_t> hardware_clock_ns(const ClockTools& tools) {
  const auto shown = tools.devices.read_rtc();
  if (shown) {
    const std::int64_t seconds = utc_of(tools.root, *shown);
    // A clock without a battery may show the year 9999, which nanoseconds do not reach.
    if (seconds < 0 || seconds >= kYear2070) return Error{"the hardware clock is not within the years 1970 to 2069"};
    return seconds * kSecond;
  }
  if (shown.error().kind != Error::Kind::kUnsupported) return shown.error();
  auto host = tools.devices.read_host_clock();
  if (!host && host.error().kind == Error::Kind::kUnsupported) return shown.error();
  return host;
}

Result<void> set_clocks(const ClockTools& tools, std::int64_t now_ns) {
  const auto rtc = tools.devices.find_rtc();
  const bool without_rtc = !rtc && rtc.error().kind == Error::Kind::kUnsupported;
  if (!rtc && !without_rtc) return Error{rtc.error()}.with_context("nothing was changed: the hardware clock");
  if (auto set = tools.devices.set_system_clock(now_ns); !set) return set;
  if (without_rtc) return {};
  auto written = tools.devices.write_rtc(shown_at(tools.root, now_ns / kSecond));
  if (!written) written = write_rtc_by_program(tools, std::move(written).error());
  if (!written) return std::move(written).error().with_context("the clock was set, but not the hardware clock");
  return {};
}

}  // namespace guestd::platform
