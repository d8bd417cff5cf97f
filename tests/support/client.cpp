// SPDX-License-Identifier: Apache-2.0
#include "tests/support/client.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace guestd::support {
namespace {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;

/// Waits until the descriptor is ready for `events`; false when the time is over.
bool wait_for(int fd, short events, TimePoint deadline) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left < 0) return false;
    pollfd entry{fd, events, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(left) + 1);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

}  // namespace

Client::Client(const std::string& socket) : stream_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(stream_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to " + socket + ": " + std::strerror(errno));
  }
  ::fcntl(stream_.get(), F_SETFL, O_RDWR | O_NONBLOCK);
  ::signal(SIGPIPE, SIG_IGN);
}

Client::Client(UniqueFd stream) : stream_(std::move(stream)) {
  ::fcntl(stream_.get(), F_SETFL, O_RDWR | O_NONBLOCK);
  ::signal(SIGPIPE, SIG_IGN);
}

bool Client::send(std::string_view bytes, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  while (!bytes.empty()) {
    const ssize_t sent = ::write(stream_.get(), bytes.data(), bytes.size());
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN || !wait_for(stream_.get(), POLLOUT, deadline)) {
      return false;
    }
  }
  return true;
}

std::size_t Client::send_while_taken(std::string_view bytes, std::chrono::milliseconds pause) {
  std::size_t total = 0;
  while (total < bytes.size()) {
    const ssize_t sent = ::write(stream_.get(), bytes.data() + total, bytes.size() - total);
    if (sent > 0) {
      total += static_cast<std::size_t>(sent);
    } else if (errno != EAGAIN || !wait_for(stream_.get(), POLLOUT, Clock::now() + pause)) {
      break;
    }
  }
  return total;
}

bool Client::fill(TimePoint deadline) {
  if (!wait_for(stream_.get(), POLLIN, deadline)) return false;
  const std::size_t before = input_.size();
  input_.resize(before + 65536);
  const ssize_t got = ::read(stream_.get(), input_.data() + before, 65536);
  input_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return got > 0;
}

std::string Client::read_line(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  std::size_t searched = 0;
  std::size_t newline = 0;
  while ((newline = input_.find('\n', searched)) == std::string::npos) {
    searched = input_.size();
    if (!fill(deadline)) return std::exchange(input_, {});
  }
  std::string line = input_.substr(0, newline + 1);
  input_.erase(0, newline + 1);
  return line;
}

std::string Client::read_until_silence(std::chrono::milliseconds silence) {
  while (fill(Clock::now() + silence)) {
  }
  return std::exchange(input_, {});
}

std::size_t Client::discard_line(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  std::string piece(kPieceBytes, '\0');
  std::size_t total = 0;
  while (wait_for(stream_.get(), POLLIN, deadline)) {
    const ssize_t got = ::read(stream_.get(), piece.data(), piece.size());
    if (got <= 0) return 0;
    total += static_cast<std::size_t>(got);
    if (piece[static_cast<std::size_t>(got) - 1] == '\n') return total;
  }
  return 0;
}

bool Client::sees_end(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  while (fill(deadline)) input_.clear();
  return Clock::now() < deadline;
}

std::string Client::request(std::string_view json, std::chrono::milliseconds timeout) {
  if (!send(std::string(json) + "\n", timeout)) return "";
  std::string line = read_line(timeout);
  if (line.ends_with('\n')) line.pop_back();
  return line;
}

bool Client::sync(std::int64_t id, std::chrono::milliseconds timeout) {
  const std::string number = std::to_string(id);
  return request(R"({"execute":"guest-sync","arguments":{"id":)" + number + "}}", timeout) ==
         R"({"return": )" + number + "}";
}

std::string write_request(std::int64_t handle, std::size_t payload_bytes) {
  std::string text = R"({"execute":"guest-file-write","arguments":{"handle":)" + std::to_string(handle);
  text += R"(,"buf-b64":")";
  // Text of bytes 0xFB 0xEF 0xBE... would be one character throughout; four different ones exercise the decoder.
  const std::size_t groups = payload_bytes / 3;
  text.reserve(text.size() + groups * 4 + 16);
  for (std::size_t i = 0; i < groups; ++i) text += "a9+/";
  if (payload_bytes % 3 == 1) text += "aA==";
  if (payload_bytes % 3 == 2) text += "a9w=";
  return text + "\"}}\n";
}

std::int64_t open_file(Client& client, const std::string& path, std::string_view mode) {
  const std::string reply = client.request(R"({"execute":"guest-file-open","arguments":{"path":")" + path +
                                           R"(","mode":")" + std::string(mode) + "\"}}");
  const auto handle = returned_integer(reply);
  if (!handle) throw std::runtime_error("cannot open " + path + ": " + reply);
  return *handle;
}

std::optional<std::int64_t> returned_integer(std::string_view reply) {
  constexpr std::string_view kPrefix = R"({"return": )";
  if (!reply.starts_with(kPrefix)) return std::nullopt;
  reply.remove_prefix(kPrefix.size());
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(reply.data(), reply.data() + reply.size(), value);
  if (error != std::errc{} || std::string_view(end, 1) != "}") return std::nullopt;
  return value;
}

std::string generic_error(std::string_view desc) {
  return R"({"error": {"class": "GenericError", "desc": ")" + std::string(desc) + "\"}}";
}

std::string not_found_error(std::string_view desc) {
  return R"({"error": {"class": "CommandNotFound", "desc": ")" + std::string(desc) + "\"}}";
}

}  // namespace guestd::support
