// SPDX-License-Identifier: Apache-2.0
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/unique_fd.hpp"
#include "platform/netlink.hpp"

namespace guestd::platform::netlink {
namespace {

using Clock = std::chrono::steady_clock;

// Datagrams of a dump are at most 32 KiB, but for single messages that are larger (net/netlink/af_netlink.c).
constexpr std::size_t kLargestBuffer = 4U << 20U;

struct TableNames {
  std::uint16_t request;
  const char* what;  // in error texts
  const char* fixture;
};

TableNames names_of(Table table) {
  switch (table) {
    case Table::kLinks:
      return {RTM_GETLINK, "cannot list network interfaces", "/netlink/links"};
    case Table::kAddresses:
      return {RTM_GETADDR, "cannot list IP addresses", "/netlink/addresses"};
    case Table::kRoutes:
      return {RTM_GETROUTE, "cannot list routes", "/netlink/routes"};
  }
  return {};
}

// All three headers are nothing but zeros, which means "all", and the kernel checks for the right length only.
std::size_t header_size(Table table) {
  switch (table) {
    case Table::kLinks:
      return sizeof(ifinfomsg);
    case Table::kAddresses:
      return sizeof(ifaddrmsg);
    case Table::kRoutes:
      return sizeof(rtmsg);
  }
  return 0;
}

std::string request_of(Table table, std::uint32_t sequence) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(header_size(table)));
  header.nlmsg_type = names_of(table).request;
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  header.nlmsg_seq = sequence;
  std::string bytes(header.nlmsg_len, '\0');
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

/// One attempt at a table, from request to NLMSG_DONE.
class Attempt {
 public:
  Attempt(int socket, Table table, Keep keep, std::size_t limit_bytes, Clock::time_point deadline)
      : socket_(socket), table_(table), keep_(keep), limit_bytes_(limit_bytes), deadline_(deadline) {}

  /// A number that no other attempt on the socket has marks request and replies.
  Result<void> run(std::uint32_t sequence, std::string& buffer);
  [[nodiscard]] std::string take() && { return std::move(dump_); }
  /// Whether the kernel says that the table changed meanwhile: entries may be missing or there twice.
  [[nodiscard]] bool interrupted() const { return interrupted_; }
  /// The size of a datagram that was larger than the buffer; 0 if all fitted.
  [[nodiscard]] std::size_t oversize() const { return oversize_; }

 private:
  [[nodiscard]] Error error(int code) const { return Error::from_errno(names_of(table_).what, code); }
  Result<void> wait() const;
  Result<std::string_view> receive(std::string& buffer);
  Result<void> take_datagram(std::string_view datagram);
  Result<void> take(const Message& message);

  int socket_;
  Table table_;
  Keep keep_;
  std::size_t limit_bytes_;
  Clock::time_point deadline_;
  std::uint32_t sequence_ = 0;
  std::string dump_;
  bool done_ = false;
  bool interrupted_ = false;
  std::size_t oversize_ = 0;
};

Result<void> Attempt::run(std::uint32_t sequence, std::string& buffer) {
  sequence_ = sequence;
  const std::string request = request_of(table_, sequence_);
  if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) < 0) return error(errno);
  while (!done_) {
    auto datagram = receive(buffer);
    if (!datagram) return std::move(datagram).error();
    if (auto taken = take_datagram(*datagram); !taken) return taken;
  }
  return {};
}

Result<void> Attempt::wait() const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
    if (left.count() <= 0) return error(ETIMEDOUT);
    pollfd polled{socket_, POLLIN, 0};
    const int ready = ::poll(&polled, 1, static_cast<int>(left.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return error(errno);
  }
}

// What is not from the kernel (nl_pid 0) is returned as empty.
Result<std::string_view> Attempt::receive(std::string& buffer) {
  for (;;) {
    if (auto waited = wait(); !waited) return std::move(waited).error();
    sockaddr_nl sender{};
    socklen_t sender_size = sizeof sender;
    const ssize_t size = ::recvfrom(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC,
                                    reinterpret_cast<sockaddr*>(&sender), &sender_size);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size < 0) return error(errno);
    if (size == 0) return error(ECONNRESET);
    if (sender_size >= sizeof sender && sender.nl_family == AF_NETLINK && sender.nl_pid != 0) continue;
    const auto length = static_cast<std::size_t>(size);
    if (length > buffer.size()) oversize_ = std::max(oversize_, length);
    return std::string_view(buffer).substr(0, length);
  }
}

Result<void> Attempt::take_datagram(std::string_view datagram) {
  Result<void> result;
  const bool whole = for_each_message(datagram, [&](const Message& message) {
    if (message.sequence == sequence_) result = take(message);
    return result.has_value() && !done_;
  });
  // Of a datagram that did not fit, the rest is gone, but not what follows it.
  if (result && !whole && !done_ && oversize_ == 0) return error(EBADMSG);
  return result;
}

Result<void> Attempt::take(const Message& message) {
  if ((message.flags & NLM_F_DUMP_INTR) != 0) interrupted_ = true;
  if (message.type == NLMSG_ERROR || message.type == NLMSG_DONE) {
    // Both begin with a negative errno, or 0.
    done_ = true;
    const auto code = leading<std::int32_t>(message.body);
    return code < 0 ? error(-code) : Result<void>();
  }
  if (!keep_(message)) return {};
  if (dump_.size() + message.whole.size() > limit_bytes_) return error(EFBIG);
  dump_.append(message.whole);
  dump_.resize(NLMSG_ALIGN(dump_.size()));
  return {};
}

// Without them (before Linux 4.20) the table of routes has entries of the kernel's cache too, which are marked as such.
void ask_for_strict_checks(int socket) {
  const int on = 1;
  (void)::setsockopt(socket, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
}

}  // namespace

Result<std::string> dump(int socket, Table table, Keep keep, const DumpLimits& limits) {
  const auto deadline = Clock::now() + limits.patience;
  std::string buffer(limits.buffer_bytes, '\0');
  for (int number = 1; number <= limits.attempts; ++number) {
    Attempt attempt(socket, table, keep, limits.bytes, deadline);
    if (auto done = attempt.run(static_cast<std::uint32_t>(number), buffer); !done) return std::move(done).error();
    if (attempt.oversize() > kLargestBuffer) return Error::from_errno(names_of(table).what, EMSGSIZE);
    if (attempt.oversize() > 0) {
      buffer.resize(attempt.oversize());
    } else if (!attempt.interrupted()) {
      return std::move(attempt).take();
    }
  }
  return Error{std::string(names_of(table).what) + ": they changed each of the " + std::to_string(limits.attempts) +
               " times that they were read"};
}

Result<std::string> dump(const Root& root, Table table, Keep keep) {
  if (!root.is_system()) return root.read_file(names_of(table).fixture, limits::kNetworkTableBytes);
  const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket.valid()) return Error::from_errno(names_of(table).what, errno);
  ask_for_strict_checks(socket.get());
  return dump(socket.get(), table, keep);
}

}  // namespace guestd::platform::netlink
