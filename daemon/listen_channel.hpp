// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/types.h>

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "daemon/channel.hpp"

namespace guestd::daemon {

/// The file at a path, to be removed later only if it is still this one: somebody may have put his own in its place.
class SocketFile {
 public:
  SocketFile() = default;
  explicit SocketFile(std::string path);
  [[nodiscard]] bool is_there() const;
  /// The errno, or 0; 0 also if it is another one by now.
  int remove() const;

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// What becomes of a socket whose listener is dead, while a program that it was starting still holds it.
enum class LastHolders { kWaitedFor, kNotWaitedFor };

/// A listening socket, Unix or vsock: up to limits::kClients clients at once, each with a session of its own. When all
/// places are taken, the client that was silent for longest makes room, if that was limits::kClientIdle or more.
class ListenChannel final : public Channel {
 public:
  /// Opens the listening socket, non-blocking. Last holders are waited for at the first try only: later ones run on the
  /// I/O thread, beside signals and timers.
  using Opener = std::function<Result<UniqueFd>(LastHolders)>;

  /// `socket_path`: the file to remove at the end; may be empty.
  ListenChannel(const Services& services, VsockPeers peers, Opener opener, std::string socket_path);
  ~ListenChannel() override;

  Result<void> start() override;
  void stop() override;
  [[nodiscard]] std::string describe() const override;

 private:
  struct Client {
    std::shared_ptr<Stream> stream;
    std::shared_ptr<Session> session;
  };
  using Clients = std::list<Client>;

  void accept_soon();
  void accept_clients();
  bool make_room();
  void add(UniqueFd fd);
  [[nodiscard]] bool is_welcome(int fd) const;

  Services services_;
  VsockPeers peers_;
  Opener opener_;
  std::string socket_path_;
  SocketFile socket_file_;
  asio::posix::stream_descriptor listener_;
  asio::steady_timer room_;
  Clients clients_;
  bool has_tried_ = false;  // to open
  bool accepting_ = false;
  bool starved_ = false;  // of descriptors or memory, and said so
};

/// A listening Unix socket that only its owner can connect to (0600). A file left behind by a dead agent is replaced;
/// anything else at that path is not: `Failed to bind socket to <p>: Address already in use`. Waits for up to two
/// seconds for last holders, if it should.
Result<UniqueFd> listen_unix(const std::string& path, LastHolders holders = LastHolders::kWaitedFor);

/// `Failed to bind socket: <e>`
Result<UniqueFd> listen_vsock(const VsockAddress& address);

}  // namespace guestd::daemon
