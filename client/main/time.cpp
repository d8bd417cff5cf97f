// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <utility>

#include "client/lib/machine_proof.hpp"
#include "client/main/ask.hpp"
#include "client/main/monitor_access.hpp"
#include "client/main/verbs.hpp"
#include "client/terminal/escape.hpp"
#include "client/terminal/units.hpp"
#include "generated/agent/calls.hpp"
#include "protocol/json_writer.hpp"

namespace guestd::guestctl {
namespace {

struct TimeOptions {
  bool sync = false;
  bool from_rtc = false;
};

struct Reading {
  std::int64_t guest_ns = 0;
  std::int64_t ahead_ns = 0;  ///< of the host's clock
};

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// The guest is taken to have looked in the middle between question and answer.
Result<Reading> read_time(client::Connection& connection) {
  const std::int64_t asked = now_ns();
  auto time = agent::get_time(connection);
  if (!time) return std::move(time).error();
  const std::int64_t answered = now_ns();
  std::int64_t ahead = 0;
  // Whatever a guest says, it must not overflow.
  if (__builtin_sub_overflow(*time, asked + (answered - asked) / 2, &ahead)) ahead = *time < 0 ? INT64_MIN : INT64_MAX;
  return Reading{*time, ahead};
}

std::string local_text(std::int64_t time_ns, std::int64_t offset_s) {
  const std::int64_t seconds = time_ns / 1'000'000'000;
  std::int64_t shifted = 0;
  if (__builtin_add_overflow(seconds, offset_s, &shifted)) shifted = seconds;
  std::tm parts{};
  const std::time_t when = shifted;
  if (::gmtime_r(&when, &parts) == nullptr) return std::to_string(seconds) + " s since 1970";
  char text[64];
  const std::size_t size = std::strftime(text, sizeof text, "%F %T", &parts);
  return {text, size};
}

std::string zone_text(std::int64_t offset_s) {
  const std::int64_t minutes = offset_s / 60 % (std::int64_t{24} * 60);
  const std::int64_t hours = std::abs(minutes) / 60;
  const std::int64_t rest = std::abs(minutes) % 60;
  std::string text = minutes < 0 ? "-" : "+";
  text += (hours < 10 ? "0" : "") + std::to_string(hours) + (rest < 10 ? "0" : "") + std::to_string(rest);
  return text;
}

void print_reading(const Reading& reading, const agent::GuestTimezone& zone, const Context& context) {
  if (context.json) {
    protocol::JsonWriter out;
    out.begin_object();
    out.key("time-ns");
    out.integer(reading.guest_ns);
    out.key("ahead-ns");
    out.integer(reading.ahead_ns);
    out.key("offset");
    out.integer(zone.offset);
    if (zone.zone) {
      out.key("zone");
      out.string(*zone.zone);
    }
    out.end_object();
    return print(out.take_text() + "\n");
  }
  std::string text = local_text(reading.guest_ns, zone.offset) + " " + zone_text(zone.offset);
  if (zone.zone) text += " " + terminal::printable(*zone.zone);
  const double ahead_s = static_cast<double>(reading.ahead_ns) / 1e9;
  text += ", " + terminal::decimal_text(std::abs(ahead_s), 6) + " s " + (ahead_s < 0 ? "behind" : "ahead of") +
          " this host\n";
  print(text);
}

/// QEMU may still owe the guest's hardware clock interrupts of the time when the machine stood still, which would move
/// the time that was just set.
Result<void> set_time(client::Connection& connection, const TimeOptions& options, const Context& context) {
  const auto monitor = open_monitor_if_any(context);
  if (!monitor) return monitor.error();
  agent::SetTimeArgs args;
  if (!options.from_rtc) args.time = now_ns();
  if (auto set = ask<agent::calls::SetTime>(connection, args, context.limit_or(std::chrono::minutes(1))); !set) {
    return std::move(set).error();
  }
  if (!*monitor) return {};
  const auto forgotten = client::forget_missed_ticks(**monitor);
  if (!forgotten && forgotten.error().kind != Error::Kind::kUnsupported) return forgotten.error();
  return {};
}

Result<int> run_time(const TimeOptions& options, const Context& context) {
  auto connection = context.connect();
  if (!connection) return std::move(connection).error();
  if (options.sync || options.from_rtc) {
    if (auto set = set_time(**connection, options, context); !set) return std::move(set).error();
  }
  auto reading = read_time(**connection);
  if (!reading) return std::move(reading).error();
  auto zone = agent::get_timezone(**connection);
  if (!zone && zone.error().kind != Error::Kind::kUnsupported) return std::move(zone).error();
  print_reading(*reading, zone ? *zone : agent::GuestTimezone{}, context);
  return kExitDone;
}

}  // namespace

Action define_time(CLI::App& app) {
  auto options = std::make_shared<TimeOptions>();
  auto* const sync = app.add_flag("--sync", options->sync, "set the guest's clock to this host's");
  app.add_flag("--from-rtc", options->from_rtc, "set the guest's clock from its hardware clock")->excludes(sync);
  return [options](Context& context) { return run_time(*options, context); };
}

}  // namespace guestd::guestctl
