// SPDX-License-Identifier: Apache-2.0
#include "daemon/auto_online.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>

namespace guestd::daemon {
namespace {

// A DIMM can be hundreds of blocks: the log names the first ones.
std::string names_of(std::span<const platform::HotplugDevice> devices) {
  constexpr std::size_t kNamed = 16;
  std::string text;
  for (const auto& device : devices.first(std::min(devices.size(), kNamed))) {
    if (!text.empty()) text += ", ";
    text += name_of(device);
  }
  if (devices.size() > kNamed) text += " and " + std::to_string(devices.size() - kNamed) + " more";
  return text;
}

}  // namespace

bool PluggedDevices::is_arrival(const platform::HotplugEvent& event) {
  const auto place = std::lower_bound(known_.begin(), known_.end(), event.device);
  const bool is_known = place != known_.end() && *place == event.device;
  if (event.added && !is_known) known_.insert(place, event.device);
  if (!event.added && is_known) known_.erase(place);
  return event.added && !is_known;
}

std::vector<platform::HotplugDevice> PluggedDevices::arrivals_among(std::vector<platform::HotplugDevice> present) {
  std::vector<platform::HotplugDevice> arrivals;
  std::set_difference(present.begin(), present.end(), known_.begin(), known_.end(), std::back_inserter(arrivals));
  known_ = std::move(present);
  return arrivals;
}

AutoOnline::AutoOnline(asio::io_context& io, const platform::Host& host, Workers& workers, Log& log)
    : source_(io), timer_(io), host_(host), workers_(workers), log_(log) {}

void AutoOnline::start(std::unique_ptr<platform::HotplugEvents> events, std::chrono::milliseconds others_first) {
  others_first_ = others_first;
  events_ = std::move(events);
  // After the events, so that nothing slips between the two.
  plugged_ = PluggedDevices(platform::hotplug_devices(host_.root));
  source_.assign(::dup(events_->fd()));
  watch();
}

void AutoOnline::watch() {
  source_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    on_events();
    watch();
  });
}

void AutoOnline::on_events() {
  const auto news = events_->take();
  std::vector<platform::HotplugDevice> arrivals;
  for (const auto& event : news.events) {
    if (plugged_.is_arrival(event)) arrivals.push_back(event.device);
  }
  if (news.lost_some) {
    const auto missed = plugged_.arrivals_among(platform::hotplug_devices(host_.root));
    arrivals.insert(arrivals.end(), missed.begin(), missed.end());
  }
  begin_soon(arrivals);
}

void AutoOnline::begin_soon(std::span<const platform::HotplugDevice> devices) {
  const bool is_first = pending_.empty();
  pending_.insert(pending_.end(), devices.begin(), devices.end());
  if (is_first && !pending_.empty()) wait_for_others();
}

void AutoOnline::wait_for_others() {
  timer_.expires_after(others_first_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) begin();
  });
}

void AutoOnline::begin() {
  auto work = [&host = host_, &log = log_, devices = pending_] { bring_online(host, devices, log); };
  // All workers are busy: later, then.
  if (!workers_.submit(std::move(work))) return wait_for_others();
  pending_.clear();
}

void bring_online(const platform::Host& host, std::span<const platform::HotplugDevice> devices, Log& log) {
  std::vector<platform::HotplugDevice> done;
  std::vector<platform::HotplugDevice> failed;
  std::string reason;
  for (const auto& device : devices) {
    const auto brought = platform::bring_online(host.root, *host.online_switch, device);
    if (!brought) {
      failed.push_back(device);
      reason = brought.error().text;
    } else if (*brought) {
      done.push_back(device);
    }
  }
  if (!failed.empty()) log.warning("cannot bring online what was plugged in, " + names_of(failed) + ": " + reason);
  if (!done.empty()) log.info("brought online what was plugged in: " + names_of(done));
}

}  // namespace guestd::daemon
