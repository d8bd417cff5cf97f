// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <sys/types.h>

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/unique_fd.hpp"

namespace guestd::daemon {

namespace asio = boost::asio;

/// A non-blocking descriptor with notification of readiness. I/O thread only. At most one wait of each kind at a time;
/// its callback runs from the event loop, never inside the call, and not at all after close().
class Stream {
 public:
  virtual ~Stream() = default;

  /// read(2) and write(2): -1 with errno on failure.
  virtual ssize_t read(std::span<char> into) = 0;
  virtual ssize_t write(std::string_view bytes) = 0;

  virtual void wait_readable(std::function<void()> callback) = 0;
  virtual void wait_writable(std::function<void()> callback) = 0;

  /// Whether writing is pointless because nobody holds the other side open now. A client that has only ended its own
  /// sending is still there.
  virtual bool peer_is_away() = 0;

  /// A descriptor that another thread may write to, as long as nobody calls write() or close() meanwhile; -1 if there
  /// is none.
  [[nodiscard]] virtual int direct_fd() const { return -1; }

  /// Drops the callbacks and closes the descriptor.
  virtual void close() = 0;
};

/// For sockets and terminals.
std::shared_ptr<Stream> make_stream(asio::io_context& io, UniqueFd fd);

/// For virtio ports. While the host's side is closed such a port is "readable" and hung up all the time, so waiting for
/// readiness would spin; this stream waits for the next change instead (edge-triggered epoll). A read of 0 bytes means
/// that the host is away, and the callback comes when something has changed.
std::shared_ptr<Stream> make_port_stream(asio::io_context& io, UniqueFd fd);

}  // namespace guestd::daemon
