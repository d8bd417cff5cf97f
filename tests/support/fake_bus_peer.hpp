// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>
#include <systemd/sd-bus.h>

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"
#include "platform/system_bus.hpp"

namespace guestd::support {

/// Services on the bus, played by a second sd-bus at the other end of a socket pair: every connection gets one of its
/// own. It answers what the test scripted; everything else is an unknown method. The test links libsystemd.
class FakeBusPeer {
 public:
  /// Puts the answer into the reply, or gives a negative errno, or 0 with nothing put in: no answer ever.
  using Handler = std::function<int(sd_bus_message* request)>;

  FakeBusPeer() : state_(std::make_shared<State>()) {}
  FakeBusPeer(const FakeBusPeer&) = delete;
  FakeBusPeer& operator=(const FakeBusPeer&) = delete;

  /// `method` is the name without its interface.
  void on(const std::string& method, Handler handler) {
    const std::lock_guard lock(state_->mutex);
    state_->handlers[method] = std::move(handler);
  }
  /// Answers with one text.
  void on_text(const std::string& method, const std::string& text) {
    on(method, [text](sd_bus_message* request) { return sd_bus_reply_method_return(request, "s", text.c_str()); });
  }
  /// Answers with nothing, which is success.
  void on_success(const std::string& method) {
    on(method, [](sd_bus_message* request) { return sd_bus_reply_method_return(request, nullptr); });
  }
  void on_error(const std::string& method, const std::string& name, const std::string& text) {
    on(method, [name, text](sd_bus_message* request) {
      return sd_bus_reply_method_errorf(request, name.c_str(), "%s", text.c_str());
    });
  }
  /// Never answers.
  void on_silence(const std::string& method) {
    on(method, [](sd_bus_message*) { return 1; });
  }
  /// Methods that were called, in their order.
  [[nodiscard]] std::vector<std::string> calls() const {
    const std::lock_guard lock(state_->mutex);
    return state_->calls;
  }

  /// The bus as the agent sees it. Usable for as long as it lives, whatever becomes of the peer.
  [[nodiscard]] std::unique_ptr<platform::SystemBus> bus() const { return std::make_unique<PeerBus>(state_); }

 private:
  struct State {
    mutable std::mutex mutex;
    std::map<std::string, Handler> handlers;
    std::vector<std::string> calls;
  };

  /// One server at its end of a socket, on a thread of its own until the other end is closed.
  class Server {
   public:
    Server(std::shared_ptr<State> state, UniqueFd socket) : state_(std::move(state)) {
      sd_id128_t id{};
      id.bytes[0] = 1;
      require(sd_bus_new(&bus_));
      require(sd_bus_set_fd(bus_, socket.get(), socket.get()));
      (void)socket.release();
      require(sd_bus_set_server(bus_, 1, id));
      require(sd_bus_set_anonymous(bus_, 1));
      require(sd_bus_add_filter(bus_, nullptr, &Server::received, this));
      // Not before the other side has begun: starting authenticates.
      thread_ = std::thread([this] { serve(); });
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server() {
      thread_.join();
      sd_bus_close_unref(bus_);
    }

   private:
    static void require(int result) {
      if (result < 0) throw std::runtime_error("cannot play a bus: " + std::to_string(result));
    }
    void serve() {
      if (sd_bus_start(bus_) < 0) return;
      while (true) {
        const int result = sd_bus_process(bus_, nullptr);
        if (result < 0) return;
        if (result == 0 && sd_bus_wait(bus_, UINT64_MAX) < 0) return;
      }
    }
    static int received(sd_bus_message* message, void* self, sd_bus_error*) {
      const char* member = sd_bus_message_get_member(message);
      if (sd_bus_message_is_method_call(message, nullptr, nullptr) <= 0 || member == nullptr) return 0;
      return static_cast<Server*>(self)->answer(message, member);
    }
    int answer(sd_bus_message* message, const std::string& member) {
      std::unique_lock lock(state_->mutex);
      state_->calls.push_back(member);
      const auto found = state_->handlers.find(member);
      const Handler handler = found == state_->handlers.end() ? nullptr : found->second;
      lock.unlock();
      if (!handler) return 0;  // sd-bus answers: unknown object
      const int result = handler(message);
      return result < 0 ? result : 1;
    }

    std::shared_ptr<State> state_;
    sd_bus* bus_ = nullptr;
    std::thread thread_;
  };

  /// A connection with its server, which ends when the connection has been closed.
  class Connection final : public platform::BusConnection {
   public:
    Connection(std::unique_ptr<Server> server, std::unique_ptr<platform::BusConnection> connection)
        : server_(std::move(server)), connection_(std::move(connection)) {}
    Result<platform::BusValue::List> call(const platform::BusCall& call) override { return connection_->call(call); }

   private:
    std::unique_ptr<Server> server_;  // destroyed last
    std::unique_ptr<platform::BusConnection> connection_;
  };

  class PeerBus final : public platform::SystemBus {
   public:
    explicit PeerBus(std::shared_ptr<State> state) : state_(std::move(state)) {}
    [[nodiscard]] Result<std::unique_ptr<platform::BusConnection>> connect() const override {
      std::array<int, 2> ends{};
      if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
        throw std::runtime_error("socketpair");
      UniqueFd ours(ends[0]);
      auto server = std::make_unique<Server>(state_, UniqueFd(ends[1]));
      auto connection = platform::connect_to_bus_peer(std::move(ours));
      if (!connection) return std::move(connection).error();
      return std::unique_ptr<platform::BusConnection>(
          std::make_unique<Connection>(std::move(server), *std::move(connection)));
    }

   private:
    std::shared_ptr<State> state_;
  };

  std::shared_ptr<State> state_;
};

}  // namespace guestd::support
