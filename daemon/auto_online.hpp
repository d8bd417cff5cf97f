// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "daemon/log.hpp"
#include "daemon/workers.hpp"
#include "platform/host.hpp"
#include "platform/hotplug.hpp"

namespace guestd::daemon {

namespace asio = boost::asio;

/// Which devices have been plugged in since the start.
class PluggedDevices {
 public:
  /// `present`: what is there at the start, in ascending order.
  explicit PluggedDevices(std::vector<platform::HotplugDevice> present) : known_(std::move(present)) {}

  /// Whether the event is the arrival of a new device. The kernel also repeats the arrival of what has long been there,
  /// for whoever asks it to (udevadm trigger).
  bool is_arrival(const platform::HotplugEvent& event);
  /// These are not new, whatever is told of them later.
  void know(const std::vector<platform::HotplugDevice>& present);
  /// The new ones of all that are there now, for when events were lost.
  std::vector<platform::HotplugDevice> arrivals_among(std::vector<platform::HotplugDevice> present);

 private:
  std::vector<platform::HotplugDevice> known_;
};

/// What has been plugged in, from the kernel's news to those who work on it. Thread-safe.
class Arrivals {
 public:
  /// Never waits.
  void add(platform::HotplugEvents::News news);
  /// What has arrived since the last time. The first time it also looks at what is there, which is then known. Reads
  /// sysfs: on a worker.
  std::vector<platform::HotplugDevice> take(const platform::Root& root);

 private:
  std::mutex news_mutex_;
  platform::HotplugEvents::News news_;
  std::mutex work_mutex_;  ///< guards what follows
  PluggedDevices plugged_{{}};
  bool is_listed_ = false;
};

/// Brings CPUs and memory online that are plugged in while the agent runs, unless somebody else has done it by then.
/// Between events it has neither a thread nor a timer. I/O thread only; the work itself is done on a worker.
class AutoOnline {
 public:
  struct Delays {
    /// How long rules of udev and the kernel's own auto_online_blocks have before the agent looks whether they have
    /// done it. They may have their reasons to do it in another way (online_movable).
    std::chrono::milliseconds others_first{1000};
    /// When the agent looks at what was there at the start. A host that waits for the first reply comes first.
    std::chrono::milliseconds listing{1000};
  };

  /// `host`, `workers` and `log` outlive this and the workers.
  AutoOnline(asio::io_context& io, const platform::Host& host, Workers& workers, Log& log);

  /// From now on what comes is new. `events` is watch_hotplug()'s, except in tests. Reads no file.
  void start(std::unique_ptr<platform::HotplugEvents> events, Delays delays);
  void start(std::unique_ptr<platform::HotplugEvents> events) { start(std::move(events), Delays()); }

 private:
  void watch();
  void on_events();
  void work_after(std::chrono::milliseconds delay);
  void work();

  asio::posix::stream_descriptor source_;
  asio::steady_timer timer_;
  const platform::Host& host_;
  Workers& workers_;
  Log& log_;
  std::unique_ptr<platform::HotplugEvents> events_;
  std::shared_ptr<Arrivals> arrivals_ = std::make_shared<Arrivals>();
  Delays delays_;
  bool is_waiting_ = false;
};

/// Brings these online, one after the other, and logs what came of it. Any thread.
void bring_online(const platform::Host& host, std::span<const platform::HotplugDevice> devices, Log& log);

}  // namespace guestd::daemon
