// SPDX-License-Identifier: Apache-2.0
#include "daemon/port_channel.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

namespace guestd::daemon {
namespace {

constexpr std::chrono::seconds kRetry{5};  // as qemu-ga's --retry-path; only where the kernel gives no events
constexpr std::chrono::seconds kBrief{1};
constexpr std::string_view kNamedPorts = "/dev/virtio-ports/";

bool is_missing(const Error& error) {
  return error.errno_value == ENOENT || error.errno_value == ENODEV || error.errno_value == ENXIO;
}

Result<UniqueFd> open_device(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) return Error::from_errno("error opening channel '" + path + "'", errno);
  return fd;
}

// The link that udev makes, or the port of that name if there is no link (yet).
Result<UniqueFd> open_virtio_port(const std::string& path) {
  auto fd = open_device(path);
  if (fd || fd.error().errno_value != ENOENT || !path.starts_with(kNamedPorts)) return fd;
  const auto node = platform::find_virtio_port(platform::Root::system(), path.substr(kNamedPorts.size()));
  return node && !node->empty() ? open_device(*node) : std::move(fd);
}

Result<UniqueFd> open_serial_line(const std::string& path) {
  auto fd = open_device(path);
  if (!fd) return fd;
  termios settings{};
  if (::tcgetattr(fd->get(), &settings) != 0) {
    return Error::from_errno("error opening channel '" + path + "': cannot read its settings", errno);
  }
  ::cfmakeraw(&settings);
  settings.c_iflag &= ~static_cast<tcflag_t>(IGNPAR | IXOFF | IXANY | INPCK | IMAXBEL);
  settings.c_oflag = 0;
  settings.c_lflag = 0;
  settings.c_cflag |= CREAD | CLOCAL;
  ::cfsetspeed(&settings, B38400);
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  ::tcflush(fd->get(), TCIFLUSH);
  if (::tcsetattr(fd->get(), TCSANOW, &settings) != 0) {
    return Error::from_errno("error opening channel '" + path + "': cannot change its settings", errno);
  }
  return fd;
}

}  // namespace

PortChannel::Device virtio_port(const std::string& path) {
  return {path, [path] { return open_virtio_port(path); }, make_port_stream, Session::ZeroRead::kPauses, true};
}

PortChannel::Device serial_line(const std::string& path) {
  return {path, [path] { return open_serial_line(path); }, make_stream, Session::ZeroRead::kEnds, false};
}

PortChannel::PortChannel(const Services& services, Device device)
    : services_(services), device_(std::move(device)), event_source_(services.io), retry_(services.io) {}

std::string PortChannel::describe() const {
  return device_.path + (stream_ ? session_ ? ": open" : ": open, the host is away" : ": missing, waited for");
}

PortChannel::~PortChannel() { PortChannel::stop(); }

Result<void> PortChannel::start() {
  if (stream_) return {};
  if (device_.may_come_later && !event_source_.is_open()) {
    auto events = platform::watch_virtio_ports();
    if (events) {
      events_ = std::move(*events);
      event_source_.assign(::dup(events_->fd()));
      watch_events();
    } else {
      services_.log.debug("ports are looked for every few seconds: " + events.error().text);
    }
  }
  auto opened = open();
  if (opened || !device_.may_come_later || !is_missing(opened.error())) return opened;
  services_.log.info("waiting for the port " + device_.path + " (" + opened.error().text + ")");
  wait_for_device();
  return {};
}

void PortChannel::stop() {
  boost::system::error_code ignored;
  if (event_source_.is_open()) event_source_.close(ignored);
  retry_.cancel();
  if (session_) session_->mute(Session::Rest::kDropped);
  session_.reset();
  if (stream_) stream_->close();
  stream_.reset();
}

Result<void> PortChannel::open() {
  auto fd = device_.open();
  if (!fd) return std::move(fd).error();
  stream_ = device_.make_stream(services_.io, std::move(*fd));
  opened_at_ = std::chrono::steady_clock::now();
  converse(false);
  return {};
}

void PortChannel::converse(bool after_torn_reply) {
  session_ =
      std::make_shared<Session>(services_, stream_, device_.zero_read, [this](Session::End end) { on_end(end); });
  // The host has the beginning of a reply whose rest will never come; the newline keeps the next one apart from it.
  if (after_torn_reply) session_->begin_with_newline();
  session_->start();
}

void PortChannel::on_end(Session::End end) {
  const bool torn = end == Session::End::kStalled && session_->leaves_reply_torn();
  if (end == Session::End::kStalled) {
    services_.log.warning("the host takes no reply from " + device_.path + "; unsent replies were dropped");
  }
  if (end == Session::End::kPaused || end == Session::End::kStalled) return converse(torn);
  session_.reset();
  stream_->close();
  stream_.reset();
  services_.log.info("the channel " + device_.path + " was closed; waiting for it to come back");
  // A device that opens but cannot be read must not keep the agent busy.
  const bool was_brief = std::chrono::steady_clock::now() - opened_at_ < kBrief;
  was_brief ? retry_after(kRetry) : retry();
}

void PortChannel::wait_for_device() {
  if (!events_) retry_after(kRetry);
}

void PortChannel::retry_after(std::chrono::seconds delay) {
  retry_.expires_after(delay);
  retry_.async_wait([this](const boost::system::error_code& error) {
    if (!error && !stream_) retry();
  });
}

void PortChannel::watch_events() {
  event_source_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error == asio::error::operation_aborted) return;
    if (events_->drain() && !stream_) retry();
    watch_events();
  });
}

void PortChannel::retry() {
  auto opened = open();
  if (opened) return services_.log.info("the channel " + device_.path + " is open again");
  if (!is_missing(opened.error())) {
    // Somebody else has it open, or it is on its way: there will be no event when that changes.
    return retry_after(kRetry);
  }
  wait_for_device();
}

}  // namespace guestd::daemon
