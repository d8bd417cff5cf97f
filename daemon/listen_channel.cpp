// SPDX-License-Identifier: Apache-2.0
#include "daemon/listen_channel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/vm_sockets.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/limits.hpp"

namespace guestd::daemon {

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  struct stat status {};
  if (::lstat(path_.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

bool SocketFile::is_there() const {
  struct stat status {};
  return inode_ != 0 && ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
}

int SocketFile::remove() const { return is_there() && ::unlink(path_.c_str()) != 0 ? errno : 0; }

ListenChannel::ListenChannel(const Services& services, VsockPeers peers, Opener opener, std::string socket_path)
    : services_(services),
      peers_(std::move(peers)),
      opener_(std::move(opener)),
      socket_path_(std::move(socket_path)),
      listener_(services.io),
      room_(services.io) {}

std::string ListenChannel::describe() const {
  const std::string name = socket_path_.empty() ? "socket" : socket_path_;
  return name + (listener_.is_open() ? ": listening, " : ": closed, ") + std::to_string(clients_.size()) + " clients";
}

ListenChannel::~ListenChannel() { ListenChannel::stop(); }

Result<void> ListenChannel::start() {
  auto fd = opener_(std::exchange(has_tried_, true) ? LastHolders::kNotWaitedFor : LastHolders::kWaitedFor);
  if (!fd) return std::move(fd).error();
  listener_.assign(fd->release());
  if (!socket_path_.empty()) socket_file_ = SocketFile(socket_path_);
  accept_soon();
  return {};
}

void ListenChannel::stop() {
  if (!listener_.is_open()) return;
  boost::system::error_code ignored;
  listener_.close(ignored);
  room_.cancel();
  (void)socket_file_.remove();
  for (Client& client : std::exchange(clients_, {})) {
    client.session->mute(Session::Rest::kDropped);
    client.stream->close();
  }
}

void ListenChannel::accept_soon() {
  if (std::exchange(accepting_, true)) return;
  listener_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error == asio::error::operation_aborted) return;
    accepting_ = false;
    accept_clients();
  });
}

void ListenChannel::accept_clients() {
  while (make_room()) {
    UniqueFd fd(::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid() && (errno == ECONNABORTED || errno == EINTR)) continue;
    if (!fd.valid() && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
      if (!std::exchange(starved_, true)) {
        services_.log.warning("clients have to wait: " + Error::from_errno("accept", errno).text);
      }
      room_.expires_after(std::chrono::seconds(1));  // the connection stays readable, so waiting for it would spin
      room_.async_wait([this](const boost::system::error_code& error) {
        if (!error) accept_soon();
      });
      return;
    }
    if (!fd.valid()) return accept_soon();
    starved_ = false;
    if (is_welcome(fd.get())) add(std::move(fd));
  }
}

// Whether there is a place for one more. If not, the next try comes when a client leaves or has been silent enough.
bool ListenChannel::make_room() {
  if (clients_.size() < limits::kClients) return true;
  const auto silent = std::min_element(clients_.begin(), clients_.end(), [](const Client& a, const Client& b) {
    const bool a_busy = !a.session->is_idle();
    const bool b_busy = !b.session->is_idle();
    return a_busy != b_busy ? b_busy : a.session->last_heard() < b.session->last_heard();
  });
  const auto free_at = silent->session->last_heard() + limits::kClientIdle;
  if (silent->session->is_idle() && free_at <= std::chrono::steady_clock::now()) {
    silent->session->mute();
    silent->stream->close();
    clients_.erase(silent);
    return true;
  }
  room_.expires_at(std::max(free_at, std::chrono::steady_clock::now() + std::chrono::seconds(1)));
  room_.async_wait([this](const boost::system::error_code& error) {
    if (!error) accept_soon();
  });
  return false;
}

bool ListenChannel::is_welcome(int fd) const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return false;
  if (address.ss_family != AF_VSOCK) return true;
  const auto* peer = reinterpret_cast<const sockaddr_vm*>(&address);
  if (peers_.allows(peer->svm_cid)) return true;
  services_.log.warning("refused a connection from vsock CID " + std::to_string(peer->svm_cid) +
                        ": it is not in allow-cid");
  return false;
}

void ListenChannel::add(UniqueFd fd) {
  const auto client = clients_.insert(clients_.end(), Client{make_stream(services_.io, std::move(fd)), nullptr});
  client->session =
      std::make_shared<Session>(services_, client->stream, Session::ZeroRead::kEnds, [this, client](Session::End) {
        client->stream->close();
        clients_.erase(client);
        room_.cancel();
        accept_soon();
      });
  client->session->start();
}

namespace {

// How long a socket may be held by a program that an agent was starting when it was killed, until it runs.
constexpr int kLastHoldersMs = 2000;

/// Whether nobody listens at that address. Somebody who lets go of it meanwhile may be waited for; whoever takes
/// clients does not.
bool nobody_listens(const sockaddr* address, socklen_t size, LastHolders holders) {
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.valid()) return false;
  if (::connect(probe.get(), address, size) != 0) return errno == ECONNREFUSED;
  if (holders == LastHolders::kNotWaitedFor) return false;
  pollfd gone{probe.get(), 0, 0};
  return ::poll(&gone, 1, kLastHoldersMs) > 0;
}

}  // namespace

Result<UniqueFd> listen_unix(const std::string& path, LastHolders holders) {
  const auto failure = [&] { return Error::from_errno("Failed to bind socket to " + path, errno); };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);

  // Files that are no sockets refuse connections too.
  const SocketFile found(path);
  if (found.is_there() && nobody_listens(generic, sizeof address, holders)) {
    if (const int code = found.remove(); code != 0) return Error::from_errno("Failed to unlink socket " + path, code);
  }

  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return failure();
  // The mode of a socket before bind is that of the file that bind makes: there is no moment at which others can
  // connect.
  if (::fchmod(fd.get(), 0600) != 0 || ::bind(fd.get(), generic, sizeof address) != 0 ||
      ::listen(fd.get(), static_cast<int>(limits::kClients)) != 0) {
    return failure();
  }
  return fd;
}

Result<UniqueFd> listen_vsock(const VsockAddress& where) {
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_cid = where.cid;
  address.svm_port = where.port;
  UniqueFd fd(::socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return Error::from_errno("Failed to create a vsock socket", errno);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), static_cast<int>(limits::kClients)) != 0) {
    return Error::from_errno("Failed to bind socket", errno);
  }
  return fd;
}

}  // namespace guestd::daemon
