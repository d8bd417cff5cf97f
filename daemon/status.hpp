// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace guestd::daemon {

namespace asio = boost::asio;

/// Where `guestd status` asks a running agent: a socket in the state directory that only its owner can connect to. Who
/// connects gets a text and the end. Nobody is read from, nobody is waited for; between questions it costs nothing. I/O
/// thread only.
class StatusSocket {
 public:
  /// `text` is called for every question.
  static Result<std::unique_ptr<StatusSocket>> open(asio::io_context& io, const std::string& state_directory,
                                                    std::function<std::string()> text);
  ~StatusSocket();
  StatusSocket(const StatusSocket&) = delete;
  StatusSocket& operator=(const StatusSocket&) = delete;

 private:
  StatusSocket(asio::io_context& io, UniqueFd listener, std::string path, std::function<std::string()> text);
  void answer_soon();
  void answer();

  asio::posix::stream_descriptor listener_;
  asio::steady_timer retry_;
  std::string path_;
  std::function<std::string()> text_;
};

/// How long after the start the socket is opened: nobody asks sooner, and a host that waits for the first reply comes
/// first.
inline constexpr std::chrono::seconds kStatusDelay{1};

/// What the agent with this state directory says; one that has just started is waited for. The error says why there is
/// no answer.
Result<std::string> ask_status(const std::string& state_directory);

}  // namespace guestd::daemon
