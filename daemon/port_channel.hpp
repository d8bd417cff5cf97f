// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "daemon/channel.hpp"
#include "platform/virtio_ports.hpp"

namespace guestd::daemon {

/// A device with one conversation after the other: a virtio port or a serial line. When the device goes away it is
/// opened again as soon as it is back: at the kernel's event where there are events, else every few seconds.
class PortChannel final : public Channel {
 public:
  struct Device {
    std::string path;
    std::function<Result<UniqueFd>()> open;
    std::function<std::shared_ptr<Stream>(asio::io_context&, UniqueFd)> make_stream;
    Session::ZeroRead zero_read;
    /// A device that is missing at start is waited for, instead of being an error.
    bool may_come_later;
  };

  PortChannel(const Services& services, Device device);
  ~PortChannel() override;

  Result<void> start() override;
  void stop() override;
  [[nodiscard]] std::string describe() const override;

 private:
  Result<void> open();
  void converse(bool after_torn_reply);
  void on_end(Session::End end);
  void wait_for_device();
  void watch_events();
  void retry();
  void retry_after(std::chrono::seconds delay);

  Services services_;
  Device device_;
  std::shared_ptr<Stream> stream_;
  std::shared_ptr<Session> session_;
  std::unique_ptr<platform::VirtioPortEvents> events_;
  asio::posix::stream_descriptor event_source_;
  asio::steady_timer retry_;
  std::chrono::steady_clock::time_point opened_at_;
};

PortChannel::Device virtio_port(const std::string& path);
PortChannel::Device serial_line(const std::string& path);

}  // namespace guestd::daemon
