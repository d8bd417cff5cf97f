// SPDX-License-Identifier: Apache-2.0
#include "client/lib/monitor_events.hpp"

#include <type_traits>
#include <utility>
#include <variant>

namespace guestd::client {
namespace {

constexpr std::size_t kKeptEvents = 1000;

}  // namespace

MonitorEvents::MonitorEvents(Monitor& monitor) : monitor_(monitor) {
  monitor_.on_event([this](const protocol::JsonDocument& message) {
    auto event = qmp::decode_event(message.root());
    if (!event) return;  // of another form than any QEMU's: nobody waits for it
    if (events_.size() == kKeptEvents) events_.pop_front();
    events_.push_back(*std::move(event));
  });
}

MonitorEvents::~MonitorEvents() { monitor_.on_event({}); }

Result<qmp::Event> MonitorEvents::next(Deadline deadline, const std::function<bool(const qmp::Event&)>& wanted) {
  for (;;) {
    while (!events_.empty()) {
      qmp::Event event = std::move(events_.front());
      events_.pop_front();
      if (wanted(event)) return event;
    }
    if (monitor_.closed()) return *monitor_.closed();
    if (Clock::now() >= deadline) return Error::timed_out("no such event of QEMU came in time");
    monitor_.wait(deadline);
  }
}

Result<qmp::Event> MonitorEvents::next(Deadline deadline) {
  return next(deadline, [](const qmp::Event&) { return true; });
}

std::string_view event_name(const qmp::Event& event) {
  return std::visit(
      [](const auto& each) -> std::string_view {
        if constexpr (std::is_same_v<std::decay_t<decltype(each)>, protocol::UnknownEvent>) {
          return each.name;
        } else {
          return each.kName;
        }
      },
      event);
}

}  // namespace guestd::client
