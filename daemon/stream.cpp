// SPDX-License-Identifier: Apache-2.0
#include "daemon/stream.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace guestd::daemon {
namespace {

using Descriptor = asio::posix::stream_descriptor;
using Callback = std::function<void()>;

bool hung_up(int fd) {
  pollfd state{fd, POLLOUT, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & POLLHUP) != 0;
}

class DescriptorStream final : public Stream, public std::enable_shared_from_this<DescriptorStream> {
 public:
  DescriptorStream(asio::io_context& io, UniqueFd fd)
      : descriptor_(io, fd.release()), native_(descriptor_.native_handle()) {}

  ssize_t read(std::span<char> into) override { return ::read(descriptor_.native_handle(), into.data(), into.size()); }
  ssize_t write(std::string_view bytes) override {
    return ::write(descriptor_.native_handle(), bytes.data(), bytes.size());
  }
  void wait_readable(Callback callback) override { wait(Descriptor::wait_read, std::move(callback)); }
  void wait_writable(Callback callback) override { wait(Descriptor::wait_write, std::move(callback)); }
  bool peer_is_away() override { return hung_up(descriptor_.native_handle()); }
  [[nodiscard]] int direct_fd() const override { return native_; }
  void close() override {
    boost::system::error_code ignored;
    descriptor_.close(ignored);
  }

 private:
  void wait(Descriptor::wait_type type, Callback callback) {
    descriptor_.async_wait(type, [weak = weak_from_this(), callback = std::move(callback)](const auto& error) {
      // Without an error, too, the stream may have been closed since it was ready.
      const auto self = weak.lock();
      if (error != asio::error::operation_aborted && self && self->descriptor_.is_open()) callback();
    });
  }

  Descriptor descriptor_;
  const int native_;
};

// An epoll instance of its own tells the edges of the port; the event loop watches that instance.
class PortStream final : public Stream, public std::enable_shared_from_this<PortStream> {
 public:
  PortStream(asio::io_context& io, UniqueFd fd)
      : io_(io), fd_(std::move(fd)), edges_(io, ::epoll_create1(EPOLL_CLOEXEC)) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    ::epoll_ctl(edges_.native_handle(), EPOLL_CTL_ADD, fd_.get(), &event);
  }

  ssize_t read(std::span<char> into) override {
    const ssize_t count = ::read(fd_.get(), into.data(), into.size());
    if (count == 0 || (count < 0 && errno == EAGAIN)) may_read_ = false;
    return count;
  }

  ssize_t write(std::string_view bytes) override {
    const ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EAGAIN) may_write_ = false;
    return count;
  }

  void wait_readable(Callback callback) override { wait(may_read_, on_readable_, std::move(callback)); }
  void wait_writable(Callback callback) override { wait(may_write_, on_writable_, std::move(callback)); }

  bool peer_is_away() override { return hung_up(fd_.get()); }

  void close() override {
    boost::system::error_code ignored;
    edges_.close(ignored);
    fd_.reset();
    on_readable_ = nullptr;
    on_writable_ = nullptr;
  }

 private:
  void wait(bool ready, Callback& slot, Callback callback) {
    slot = std::move(callback);
    if (ready) {
      asio::post(io_, [self = shared_from_this(), &slot] { run(slot); });
    } else {
      watch();
    }
  }

  static void run(Callback& slot) {
    if (auto callback = std::exchange(slot, nullptr)) callback();
  }

  void watch() {
    if (std::exchange(watching_, true)) return;
    edges_.async_wait(Descriptor::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
      if (error != asio::error::operation_aborted) self->on_edge();
    });
  }

  void on_edge() {
    watching_ = false;
    epoll_event event{};
    ::epoll_wait(edges_.native_handle(), &event, 1, 0);  // takes the edge
    may_read_ = may_write_ = true;
    run(on_readable_);
    run(on_writable_);
    if ((on_readable_ || on_writable_) && fd_.valid()) watch();
  }

  asio::io_context& io_;
  UniqueFd fd_;
  Descriptor edges_;
  Callback on_readable_;
  Callback on_writable_;
  bool may_read_ = true;
  bool may_write_ = true;
  bool watching_ = false;
};

}  // namespace

std::shared_ptr<Stream> make_stream(asio::io_context& io, UniqueFd fd) {
  return std::make_shared<DescriptorStream>(io, std::move(fd));
}

std::shared_ptr<Stream> make_port_stream(asio::io_context& io, UniqueFd fd) {
  return std::make_shared<PortStream>(io, std::move(fd));
}

}  // namespace guestd::daemon
