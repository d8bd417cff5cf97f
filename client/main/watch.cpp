// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/main/json_text.hpp"
#include "client/main/monitor_access.hpp"
#include "client/main/verbs.hpp"
#include "client/terminal/escape.hpp"
#include "client/terminal/signals.hpp"
#include "protocol/event.hpp"

namespace guestd::guestctl {
namespace {

struct WatchOptions {
  std::vector<std::string> events;
  std::uint64_t count = 0;
};

/// In the time zone of this side: `2026-11-29 21:00:00.123456`.
std::string time_text(const protocol::Timestamp& timestamp) {
  std::tm broken_down{};
  const std::time_t seconds = timestamp.seconds;
  if (timestamp.seconds < 0 || ::localtime_r(&seconds, &broken_down) == nullptr) return std::string(26, '?');
  std::array<char, 64> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &broken_down);
  std::string micro = std::to_string(std::clamp<std::int64_t>(timestamp.microseconds, 0, 999'999));
  return std::string(text.data(), length) + "." + std::string(6 - micro.size(), '0') + micro;
}

/// `id=port0 open=true`; what is no object as JSON.
std::string data_text(protocol::JsonView data) {
  if (!data.is(protocol::JsonType::kObject)) return json_line(data);
  std::string text;
  for (const auto member : data) {
    if (!text.empty()) text += ' ';
    const bool plain = member.is(protocol::JsonType::kString);
    text += std::string(member.key()) + "=" + (plain ? std::string(member.as_string()) : json_line(member));
  }
  return text;
}

class Watching {
 public:
  Watching(client::Monitor& monitor, const WatchOptions& options, const Context& context)
      : monitor_(monitor), options_(options), context_(context), interrupts_({SIGINT, SIGTERM}) {
    monitor_.on_event([this](const protocol::JsonDocument& message) { take(message.root()); });
  }

  Result<int> run() {
    while (!is_over() && !monitor_.closed()) {
      std::array<pollfd, 2> entries{pollfd{monitor_.fd(), monitor_.events(), 0}, pollfd{interrupts_.fd(), POLLIN, 0}};
      ::poll(entries.data(), entries.size(), -1);
      if (interrupts_.take()) return kExitDone;
      monitor_.process();
    }
    // After a shutdown QEMU ends, and that is no fault.
    if (is_over() || last_ == "SHUTDOWN") return kExitDone;
    return *monitor_.closed();
  }

 private:
  [[nodiscard]] bool is_over() const { return options_.count > 0 && shown_ >= options_.count; }

  [[nodiscard]] bool is_wanted(std::string_view name) const {
    return options_.events.empty() || std::ranges::find(options_.events, name) != options_.events.end();
  }

  void take(protocol::JsonView message) {
    const auto event = protocol::read_event(message);
    if (!event) return;
    last_ = event->name;
    if (!is_wanted(event->name) || is_over()) return;
    ++shown_;
    if (context_.json) {
      print(json_line(message) + "\n");
    } else {
      const std::string data = event->data ? terminal::printable(data_text(*event->data)) : std::string();
      print(context_.style().dim(time_text(event->timestamp)) + "  " +
            context_.style().bold(terminal::printable(event->name)) + (data.empty() ? "" : "  " + data) + "\n");
    }
    std::fflush(stdout);
  }

  client::Monitor& monitor_;
  const WatchOptions& options_;
  const Context& context_;
  terminal::Signals interrupts_;
  std::uint64_t shown_ = 0;
  std::string last_;
};

}  // namespace

Action define_watch(CLI::App& app) {
  auto options = std::make_shared<WatchOptions>();
  app.add_option("EVENT", options->events, "only these, such as SHUTDOWN (default: all)");
  app.add_option("-c,--count", options->count, "end after so many (default: when interrupted)")->type_name("N");
  return [options](Context& context) -> Result<int> {
    const auto monitor = open_monitor(context);
    if (!monitor) return monitor.error();
    return Watching(**monitor, *options, context).run();
  };
}

}  // namespace guestd::guestctl
