// SPDX-License-Identifier: Apache-2.0
#include "daemon/service_manager.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace guestd::daemon::service_manager {
namespace {

constexpr int kFirstPassedFd = 3;  // SD_LISTEN_FDS_START, sd_listen_fds(3)

// The number in an environment variable, which is removed: children must not take it for theirs.
long take_number(const char* variable) {
  const char* text = std::getenv(variable);
  long number = -1;
  if (text != nullptr) std::from_chars(text, text + std::strlen(text), number);
  ::unsetenv(variable);
  return number;
}

int socket_option(int fd, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

bool is_stream_listener(int fd) {
  const int domain = socket_option(fd, SO_DOMAIN);
  return (domain == AF_UNIX || domain == AF_VSOCK) && socket_option(fd, SO_TYPE) == SOCK_STREAM &&
         socket_option(fd, SO_ACCEPTCONN) == 1;
}

}  // namespace

Result<std::optional<UniqueFd>> take_socket() {
  const long pid = take_number("LISTEN_PID");
  const long count = take_number("LISTEN_FDS");
  ::unsetenv("LISTEN_FDNAMES");
  if (pid != ::getpid() || count <= 0) return std::optional<UniqueFd>();
  if (count > 1) return Error{"qemu-ga only supports listening on one socket", 0, Error::Kind::kGeneric};
  UniqueFd fd(kFirstPassedFd);
  if (!is_stream_listener(fd.get())) return Error{"unsupported listen fd type", 0, Error::Kind::kGeneric};
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
  return std::optional<UniqueFd>(std::move(fd));
}

// sd_notify(3): one datagram to the socket that NOTIFY_SOCKET names; `@` stands for the abstract name space.
void notify(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path == nullptr || std::strlen(path) >= sizeof address.sun_path) return;
  const std::size_t length = std::strlen(path);
  std::memcpy(address.sun_path, path, length);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  // A manager that does not listen is its own problem: the agent serves the host all the same.
  if (::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
               reinterpret_cast<const sockaddr*>(&address), size) < 0) {
    return;
  }
}

std::optional<std::chrono::microseconds> watchdog_interval() {
  const char* pid = std::getenv("WATCHDOG_PID");
  const char* text = std::getenv("WATCHDOG_USEC");
  if (text == nullptr || (pid != nullptr && std::to_string(::getpid()) != pid)) return std::nullopt;
  std::int64_t microseconds = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, microseconds);
  if (error != std::errc{} || stop != end || microseconds <= 0) return std::nullopt;
  return std::chrono::microseconds(microseconds);
}

}  // namespace guestd::daemon::service_manager
