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

void PluggedDevices::know(const std::vector<platform::HotplugDevice>& present) {
  std::vector<platform::HotplugDevice> all;
  std::set_union(known_.begin(), known_.end(), present.begin(), present.end(), std::back_inserter(all));
  known_ = std::move(all);
}

std::vector<platform::HotplugDevice> PluggedDevices::arrivals_among(std::vector<platform::HotplugDevice> present) {
  std::vector<platform::HotplugDevice> arrivals;
  std::set_difference(present.begin(), present.end(), known_.begin(), known_.end(), std::back_inserter(arrivals));
  known_ = std::move(present);
  return arrivals;
}

void Arrivals::add(platform::HotplugEvents::News news) {
  const std::lock_guard lock(news_mutex_);
  news_.events.insert(news_.events.end(), news.events.begin(), news.events.end());
  news_.lost_some = news_.lost_some || news.lost_some;
}

std::vector<platform::HotplugDevice> Arrivals::take(const platform::Root& root) {
  const std::lock_guard work(work_mutex_);
  platform::HotplugEvents::News news;
  {
    const std::lock_guard lock(news_mutex_);
    std::swap(news, news_);
  }
  std::vector<platform::HotplugDevice> arrivals;
  for (const auto& event : news.events) {
    if (plugged_.is_arrival(event)) arrivals.push_back(event.device);
  }
  if (!is_listed_) {
    plugged_.know(platform::hotplug_devices(root));
  } else if (news.lost_some) {
    const auto missed = plugged_.arrivals_among(platform::hotplug_devices(root));
    arrivals.insert(arrivals.end(), missed.begin(), missed.end());
  }
  is_listed_ = true;
  return arrivals;
}

AutoOnline::AutoOnline(asio::io_context& io, const platform::Host& host, Workers& workers, Log& log)
    : source_(io), timer_(io), host_(host), workers_(workers), log_(log) {}

void AutoOnline::start(std::unique_ptr<platform::HotplugEvents> events, Delays delays) {
  delays_ = delays;
  events_ = std::move(events);
  source_.assign(::dup(events_->fd()));
  watch();
  // After the events, so that nothing slips between the two.
  work_after(delays_.listing);
}

void AutoOnline::watch() {
  source_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    on_events();
    watch();
  });
}

void AutoOnline::on_events() {
  auto news = events_->take();
  if (news.events.empty() && !news.lost_some) return;
  arrivals_->add(std::move(news));
  work_after(delays_.others_first);
}

void AutoOnline::work_after(std::chrono::milliseconds delay) {
  if (std::exchange(is_waiting_, true)) return;
  timer_.expires_after(delay);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) work();
  });
}

void AutoOnline::work() {
  is_waiting_ = false;
  auto take_and_switch = [arrivals = arrivals_, &host = host_, &log = log_] {
    const auto devices = arrivals->take(host.root);
    bring_online(host, devices, log);
  };
  // All workers are busy: later, then.
  if (!workers_.submit(std::move(take_and_switch))) work_after(delays_.others_first);
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
