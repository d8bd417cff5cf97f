// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/main/ask.hpp"
#include "client/main/top_view.hpp"
#include "client/main/verbs.hpp"
#include "client/terminal/keyboard.hpp"
#include "client/terminal/signals.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

struct TopOptions {
  double interval_s = 2;
  std::uint64_t count = 0;
};

template <typename C>
void take(client::Connection& connection, const Capabilities& agent, std::optional<typename C::Returns>& into,
          std::optional<Error>& failure) {
  if (failure || !agent.has(C::kName)) return;
  auto value = protocol::perform<C>(connection, {});
  if (value) {
    into = *std::move(value);
  } else if (exit_status_of(value.error()) != kExitFailed) {
    failure = std::move(value).error();
  }
}

Result<Sample> take_sample(client::Connection& connection, const Capabilities& agent) {
  Sample sample;
  std::optional<Error> failure;
  sample.when = std::chrono::steady_clock::now();
  take<agent::calls::GetCpustats>(connection, agent, sample.cpus, failure);
  take<agent::calls::GetLoad>(connection, agent, sample.load, failure);
  take<agent::calls::GuestdGetMemoryStats>(connection, agent, sample.memory, failure);
  take<agent::calls::GuestdGetPressure>(connection, agent, sample.pressure, failure);
  take<agent::calls::GetDiskstats>(connection, agent, sample.disks, failure);
  take<agent::calls::NetworkGetInterfaces>(connection, agent, sample.interfaces, failure);
  if (failure) return *std::move(failure);
  return sample;
}

/// The other screen of the terminal, and no cursor; both as before at the end.
class Screen {
 public:
  explicit Screen(bool wanted) : wanted_(wanted) {
    if (wanted_) print("\x1b[?1049h\x1b[?25l");
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() {
    if (!wanted_) return;
    print("\x1b[?25h\x1b[?1049l");
    std::fflush(stdout);
  }

  void draw(const std::string& text, std::size_t rows) const {
    if (!wanted_) return print(text + "\n");
    std::string out = "\x1b[H";
    std::size_t line = 0;
    for (std::size_t from = 0; from < text.size() && ++line < rows;) {
      const auto end = text.find('\n', from);
      out += text.substr(from, end - from) + "\x1b[K\r\n";
      from = end == std::string::npos ? text.size() : end + 1;
    }
    print(out + "\x1b[J");
    std::fflush(stdout);
  }

 private:
  bool wanted_;
};

/// Waits until the next sample is due; false if the user has had enough.
bool pause(double seconds, terminal::Signals& signals, bool keys) {
  const auto until = client::Clock::now() +
                     std::chrono::duration_cast<client::Clock::duration>(std::chrono::duration<double>(seconds));
  while (client::Clock::now() < until) {
    std::array<pollfd, 2> entries{pollfd{signals.fd(), POLLIN, 0}, pollfd{keys ? STDIN_FILENO : -1, POLLIN, 0}};
    ::poll(entries.data(), entries.size(), client::poll_timeout(until));
    if (const auto number = signals.take()) {
      if (*number == SIGWINCH) return true;
      return false;
    }
    if (entries[1].revents == 0) continue;
    char key = 0;
    const ssize_t got = ::read(STDIN_FILENO, &key, 1);
    if (got <= 0 || key == 'q' || key == 'Q' || key == '\x03') return false;
    return true;
  }
  return true;
}

Result<int> run_top(const TopOptions& options, const Context& context) {
  auto connection = context.connect();
  if (!connection) return std::move(connection).error();
  auto agent = Capabilities::of(**connection);
  if (!agent) return std::move(agent).error();
  terminal::Signals signals{SIGINT, SIGTERM, SIGHUP, SIGWINCH};
  const bool live = ::isatty(STDOUT_FILENO) == 1 && !context.json;
  const bool keys = live && ::isatty(STDIN_FILENO) == 1;
  std::optional<terminal::RawMode> raw;
  if (keys) raw.emplace(STDIN_FILENO);
  const Screen screen(live);
  auto before = take_sample(**connection, *agent);
  if (!before) return std::move(before).error();
  // Rates need two samples; the first one comes soon.
  double wait_s = std::min(options.interval_s, 0.5);
  for (std::uint64_t shown = 0; options.count == 0 || shown < options.count; ++shown) {
    if (!pause(wait_s, signals, keys)) break;
    wait_s = options.interval_s;
    auto now = take_sample(**connection, *agent);
    if (!now) return std::move(now).error();
    const auto size = terminal::window_size(STDOUT_FILENO).value_or(terminal::WindowSize{.rows = 1000, .columns = 80});
    if (context.json) {
      print(top_json(*before, *now) + "\n");
      std::fflush(stdout);
    } else {
      screen.draw(top_text((*connection)->name(), *before, *now, size.columns, context.style()), size.rows);
    }
    before = std::move(now);
  }
  return kExitDone;
}

}  // namespace

Action define_top(CLI::App& app) {
  auto options = std::make_shared<TopOptions>();
  app.add_option("-d,--delay", options->interval_s, "how long to wait in between (2)")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.1, 1e6));
  app.add_option("-n,--count", options->count, "how often to look; 0 until interrupted")->type_name("N");
  app.footer("q ends it.");
  return [options](Context& context) { return run_top(*options, context); };
}

}  // namespace guestd::guestctl
