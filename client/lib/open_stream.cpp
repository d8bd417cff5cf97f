// SPDX-License-Identifier: Apache-2.0
#include "client/lib/open_stream.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>
#include <linux/vm_sockets.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

namespace guestd::client {
namespace {

/// `OK <number>` and a line end.
constexpr std::size_t kHandshakeBytes = 64;

Error unreachable(std::string_view what, int code) {
  Error error = Error::from_errno(what, code);
  error.kind = code == ETIMEDOUT ? Error::Kind::kTimedOut : Error::Kind::kUnreachable;
  return error;
}

std::string unix_failure(const std::string& path, int code) {
  if (code == ENOENT) return "there is no socket " + path;
  if (code == ECONNREFUSED) return "nobody listens at " + path;
  if (code == EAGAIN) return path + " is taken by another client, and the line behind it is full";
  return "cannot connect to " + path;
}

/// connect() to a Unix socket waits while the listener's queue is full, for as long as one may send.
void limit_waiting(int fd, Deadline deadline) {
  const int left = poll_timeout(deadline);
  if (left < 0) return;
  const int milliseconds = std::max(left, 1);
  const timeval limit{milliseconds / 1000, milliseconds % 1000 * 1000L};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

/// A name for the socket that fits into an address: through its folder, if the path is too long.
std::string short_path(const std::string& path, UniqueFd& folder) {
  if (path.size() < sizeof(sockaddr_un::sun_path)) return path;
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return path;
  folder.reset(::open(path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return path;
  return "/proc/self/fd/" + std::to_string(folder.get()) + path.substr(slash);
}

Result<UniqueFd> connect_vsock(const VsockEndpoint& endpoint, Deadline deadline) {
  const std::string what = "cannot connect to " + describe(endpoint);
  UniqueFd stream(::socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!stream.valid()) return unreachable(what, errno);
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_cid = endpoint.cid;
  address.svm_port = endpoint.port;
  if (::connect(stream.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return stream;
  if (errno != EINPROGRESS) return unreachable(what, errno);
  if (!wait_for(stream.get(), POLLOUT, deadline)) return unreachable(what, ETIMEDOUT);
  int code = 0;
  socklen_t size = sizeof code;
  ::getsockopt(stream.get(), SOL_SOCKET, SO_ERROR, &code, &size);
  if (code != 0) return unreachable(what, code);
  return stream;
}

/// Reads one line and not a byte more: what follows belongs to the agent.
Result<std::string> read_line(int fd, const std::string& what, Deadline deadline) {
  std::string line;
  while (line.size() < kHandshakeBytes) {
    char byte = 0;
    const ssize_t got = ::read(fd, &byte, 1);
    if (got == 0) return Error::unreachable(what + ": the connection was closed; nobody listens on that port");
    if (got < 0 && errno == EAGAIN) {
      if (!wait_for(fd, POLLIN, deadline)) return Error::timed_out(what + ": no answer to CONNECT");
      continue;
    }
    if (got < 0) return unreachable(what, errno);
    if (byte == '\n') return line;
    line += byte;
  }
  return Error::unreachable(what + ": what answers is no hybrid vsock");
}

bool set_not_blocking(int fd) { return ::fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) == 0; }

Result<UniqueFd> connect_hybrid(const HybridVsockEndpoint& endpoint, Deadline deadline) {
  auto stream = connect_unix(endpoint.path, deadline);
  if (!stream) return stream;
  const std::string what = "cannot connect to " + describe(endpoint);
  set_not_blocking(stream->get());
  const std::string request = "CONNECT " + std::to_string(endpoint.port) + "\n";
  if (::send(stream->get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    return unreachable(what, errno);
  }
  auto answer = read_line(stream->get(), what, deadline);
  if (!answer) return std::move(answer).error();
  if (!answer->starts_with("OK ")) return Error::unreachable(what + ": what answers is no hybrid vsock");
  return stream;
}

Result<UniqueFd> open_serial(const SerialEndpoint& endpoint) {
  const std::string what = "cannot open " + endpoint.path;
  UniqueFd stream(::open(endpoint.path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!stream.valid()) return unreachable(what, errno);
  termios settings{};
  if (::tcgetattr(stream.get(), &settings) != 0) return Error::unreachable(endpoint.path + " is no serial line");
  ::cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL | CREAD;
  if (::tcsetattr(stream.get(), TCSANOW, &settings) != 0) return unreachable(what, errno);
  return stream;
}

struct Opener {
  Deadline deadline;

  Result<UniqueFd> operator()(const UnixEndpoint& endpoint) const {
    auto stream = connect_unix(endpoint.path, deadline);
    if (stream) set_not_blocking(stream->get());
    return stream;
  }
  Result<UniqueFd> operator()(const VsockEndpoint& endpoint) const { return connect_vsock(endpoint, deadline); }
  Result<UniqueFd> operator()(const HybridVsockEndpoint& endpoint) const { return connect_hybrid(endpoint, deadline); }
  Result<UniqueFd> operator()(const SerialEndpoint& endpoint) const { return open_serial(endpoint); }
  Result<UniqueFd> operator()(const LibvirtEndpoint& endpoint) const {
    return Error::unreachable(describe(endpoint) + " has no stream of its own");
  }
};

}  // namespace

bool wait_for(int fd, short events, Deadline deadline) {
  for (;;) {
    pollfd entry{fd, events, 0};
    const int ready = ::poll(&entry, 1, poll_timeout(deadline));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
    if (ready == 0 && Clock::now() >= deadline) return false;
  }
}

Result<UniqueFd> connect_unix(const std::string& path, Deadline deadline) {
  UniqueFd stream(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!stream.valid()) return unreachable("cannot make a socket", errno);
  UniqueFd folder;
  const std::string name = short_path(path, folder);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path) return Error::unreachable("the path " + path + " is too long");
  name.copy(address.sun_path, name.size());
  limit_waiting(stream.get(), deadline);
  if (::connect(stream.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    const int code = errno;
    return unreachable(unix_failure(path, code), code == EAGAIN ? ETIMEDOUT : code);
  }
  return stream;
}

Result<UniqueFd> open_stream(const Endpoint& endpoint, Deadline deadline) {
  return std::visit(Opener{deadline}, endpoint);
}

}  // namespace guestd::client
