// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>

#include "base/unique_fd.hpp"
#include "client/lib/connection.hpp"

namespace guestd::client {

struct LibvirtLibrary;

/// A conversation that libvirt has on one's behalf (virDomainQemuAgentCommand). libvirt is opened at run time. It keeps
/// the stream in step itself, and waits while it asks, so process() of this connection waits too; its time limits are
/// whole seconds.
class LibvirtConnection : public Connection {
 public:
  static Result<std::unique_ptr<Connection>> open(const LibvirtEndpoint& endpoint, const ConnectionOptions& options);
  ~LibvirtConnection() override;

  void start(const protocol::Call& call, std::chrono::milliseconds timeout, ReplyHandler handler) override;
  [[nodiscard]] int fd() const override { return always_ready_.get(); }
  [[nodiscard]] short events() const override;
  [[nodiscard]] Deadline deadline() const override;
  void process() override;
  void abandon() override { calls_.clear(); }
  [[nodiscard]] bool waits_itself() const override { return true; }
  [[nodiscard]] std::size_t pending() const override { return calls_.size(); }
  [[nodiscard]] std::size_t unsent_bytes() const override { return 0; }

 private:
  struct Pending {
    std::string request;
    std::chrono::milliseconds timeout{};
    bool quiet = false;
    ReplyHandler handler;
  };
  struct Handles;

  LibvirtConnection(std::unique_ptr<Handles> handles, UniqueFd always_ready, std::string name,
                    const ConnectionOptions& options);
  Reply ask(const Pending& call);

  std::unique_ptr<Handles> handles_;
  UniqueFd always_ready_;
  std::deque<Pending> calls_;
};

}  // namespace guestd::client
