// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "client/main/verbs.hpp"
#include "client/terminal/escape.hpp"
#include "client/terminal/signals.hpp"
#include "client/terminal/units.hpp"
#include "generated/agent/calls.hpp"
#include "protocol/json_writer.hpp"

namespace guestd::guestctl {
namespace {

using client::Clock;
using client::Deadline;
using Milliseconds = std::chrono::duration<double, std::milli>;

struct PingOptions {
  std::uint64_t count = 1;
  double interval_s = 1;
  bool quiet = false;
};

struct Times {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  double least_ms = 0;
  double most_ms = 0;
  double sum_ms = 0;
  double sum_of_squares = 0;

  void add(double time_ms) {
    least_ms = received == 0 ? time_ms : std::min(least_ms, time_ms);
    most_ms = std::max(most_ms, time_ms);
    sum_ms += time_ms;
    sum_of_squares += time_ms * time_ms;
    ++received;
  }
  [[nodiscard]] double mean_ms() const { return received == 0 ? 0 : sum_ms / static_cast<double>(received); }
  [[nodiscard]] double deviation_ms() const {
    if (received == 0) return 0;
    return std::sqrt(std::max(0.0, sum_of_squares / static_cast<double>(received) - mean_ms() * mean_ms()));
  }
};

/// Sends pings until there were enough of them, or somebody interrupts.
class Pinging {
 public:
  Pinging(client::Connection& connection, const PingOptions& options, const Context& context)
      : connection_(connection), options_(options), context_(context), interrupts_{SIGINT, SIGTERM} {}

  Result<int> run() {
    const Deadline began = Clock::now();
    while (!interrupted_ && (options_.count == 0 || times_.sent < options_.count)) {
      if (times_.sent > 0) pause();
      if (interrupted_) break;
      if (auto answered = once(); !answered && answered.error().kind != Error::Kind::kTimedOut) {
        return std::move(answered).error();
      }
    }
    report(Milliseconds(Clock::now() - began).count());
    return times_.received > 0 ? kExitDone : kExitTimedOut;
  }

 private:
  Result<void> once() {
    using Ping = agent::calls::Ping;
    const Deadline sent = Clock::now();
    ++times_.sent;
    std::optional<client::Reply> reply;
    connection_.start(protocol::make_call<Ping>({}), connection_.call_timeout(),
                      [&](client::Reply answer) { reply = std::move(answer); });
    while (!reply && !interrupted_) wait(connection_.deadline());
    if (!reply) {
      connection_.abandon();
      abandoned_ = true;
      return {};
    }
    if (!*reply) {
      tell("no reply to seq=" + std::to_string(times_.sent) + ": " + reply->error().text);
      return std::move(*reply).error();
    }
    if (auto read = protocol::read_reply<Ping>(**reply); !read) return read;
    const double time_ms = Milliseconds(Clock::now() - sent).count();
    times_.add(time_ms);
    tell("reply from " + connection_.name() + ": seq=" + std::to_string(times_.sent) +
         " time=" + terminal::decimal_text(time_ms, 3) + " ms");
    return {};
  }

  void tell(const std::string& line) {
    if (context_.json || options_.quiet) return;
    print(terminal::printable(line) + "\n");
    std::fflush(stdout);
  }

  void pause() {
    const auto interval =
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.interval_s));
    const Deadline next = Clock::now() + interval;
    while (!interrupted_ && Clock::now() < next) wait(next);
  }

  void wait(Deadline until) {
    std::array<pollfd, 2> entries{pollfd{connection_.fd(), connection_.events(), 0},
                                  pollfd{interrupts_.fd(), POLLIN, 0}};
    ::poll(entries.data(), entries.size(), client::poll_timeout(until));
    if (interrupts_.take()) interrupted_ = true;
    if (!interrupted_) connection_.process();
  }

  void report(double total_ms) {
    const std::uint64_t counted = times_.sent - (abandoned_ && times_.sent > times_.received ? 1 : 0);
    const std::uint64_t lost = counted - std::min(counted, times_.received);
    if (context_.json) return report_json(counted);
    const double loss = counted == 0 ? 0 : static_cast<double>(lost) / static_cast<double>(counted) * 100;
    std::string text = "--- " + terminal::printable(connection_.name()) + " ping statistics ---\n";
    text += std::to_string(counted) + " requests, " + std::to_string(times_.received) + " replies, " +
            terminal::decimal_text(loss, 0) + "% lost, time " + terminal::decimal_text(total_ms, 0) + " ms\n";
    if (times_.received > 0) {
      text += "rtt min/avg/max/mdev = ";
      for (const double figure : {times_.least_ms, times_.mean_ms(), times_.most_ms}) {
        text += terminal::decimal_text(figure, 3) + "/";
      }
      text += terminal::decimal_text(times_.deviation_ms(), 3) + " ms\n";
    }
    print(text);
  }

  void report_json(std::uint64_t counted) {
    protocol::JsonWriter out;
    out.begin_object();
    out.key("requests");
    out.uint(counted);
    out.key("replies");
    out.uint(times_.received);
    if (times_.received > 0) {
      const std::array<std::pair<const char*, double>, 4> figures{{{"min-ms", times_.least_ms},
                                                                   {"avg-ms", times_.mean_ms()},
                                                                   {"max-ms", times_.most_ms},
                                                                   {"mdev-ms", times_.deviation_ms()}}};
      for (const auto& [name, value] : figures) {
        out.key(name);
        out.number(value);
      }
    }
    out.end_object();
    print(out.take_text() + "\n");
  }

  client::Connection& connection_;
  const PingOptions& options_;
  const Context& context_;
  terminal::Signals interrupts_;
  Times times_;
  bool interrupted_ = false;
  bool abandoned_ = false;
};

}  // namespace

Action define_ping(CLI::App& app) {
  auto options = std::make_shared<PingOptions>();
  app.add_option("-c,--count", options->count, "how many times to ask (1); 0 until interrupted")->type_name("N");
  app.add_option("-i,--interval", options->interval_s, "how long to wait in between (1)")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, 1e6));
  app.add_flag("-q,--quiet", options->quiet, "print the summary only");
  return [options](Context& context) -> Result<int> {
    auto connection = context.connect();
    if (!connection) return std::move(connection).error();
    return Pinging(**connection, *options, context).run();
  };
}

}  // namespace guestd::guestctl
