// SPDX-License-Identifier: Apache-2.0
#include "daemon/status.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "daemon/listen_channel.hpp"

namespace guestd::daemon {
namespace {

constexpr std::size_t kAnswerBytes = 64U << 10U;
constexpr time_t kPatienceSeconds = 5;
constexpr std::chrono::seconds kRetry{1};

std::string socket_path(const std::string& state_directory) { return state_directory + "/guestd.status"; }

// An agent that has just been started opens its socket a little later. The errno, or 0.
int connect_soon(const UniqueFd& fd, const sockaddr_un& address) {
  const auto deadline = std::chrono::steady_clock::now() + 2 * kStatusDelay;
  while (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int code = errno;
    const bool may_come = code == ENOENT || code == ECONNREFUSED;
    if (!may_come || std::chrono::steady_clock::now() > deadline) return code;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return 0;
}

}  // namespace

Result<std::unique_ptr<StatusSocket>> StatusSocket::open(asio::io_context& io, const std::string& state_directory,
                                                         std::function<std::string()> text) {
  const std::string path = socket_path(state_directory);
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return Error{"the path '" + path + "' is too long for a socket"};
  auto listener = listen_unix(path);
  if (!listener) return std::move(listener).error();
  return std::unique_ptr<StatusSocket>(new StatusSocket(io, *std::move(listener), path, std::move(text)));
}

StatusSocket::StatusSocket(asio::io_context& io, UniqueFd listener, std::string path, std::function<std::string()> text)
    : listener_(io, listener.release()), retry_(io), path_(std::move(path)), text_(std::move(text)) {
  answer_soon();
}

StatusSocket::~StatusSocket() { ::unlink(path_.c_str()); }

void StatusSocket::answer_soon() {
  listener_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (!error) answer();
  });
}

void StatusSocket::answer() {
  const UniqueFd fd(::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  const int code = errno;
  // Short enough for the buffer of a new socket. Who does not read it has missed it.
  if (fd.valid()) {
    const std::string text = text_();
    (void)::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  if (!fd.valid() && code != EAGAIN && code != ECONNABORTED) {
    // Out of descriptors or memory: the question stays in the queue, and asking at once again would spin.
    retry_.expires_after(kRetry);
    retry_.async_wait([this](const boost::system::error_code& error) {
      if (!error) answer_soon();
    });
    return;
  }
  answer_soon();
}

Result<std::string> ask_status(const std::string& state_directory) {
  const std::string path = socket_path(state_directory);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Error{"the path '" + path + "' is too long for a socket"};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{kPatienceSeconds, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (const int code = connect_soon(fd, address); code != 0) {
    return Error::from_errno("no agent answers at " + path, code);
  }
  std::string text;
  std::array<char, 4096> piece{};
  while (text.size() < kAnswerBytes) {
    const ssize_t count = ::recv(fd.get(), piece.data(), piece.size(), 0);
    if (count < 0) return Error::from_errno("the agent does not answer", errno);
    if (count == 0) break;
    text.append(piece.data(), static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace guestd::daemon
