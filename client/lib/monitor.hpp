// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "client/lib/connection.hpp"
#include "client/lib/reply_reader.hpp"
#include "generated/qmp/types.hpp"

namespace guestd::client {

struct MonitorOptions {
  /// For connecting, the greeting and the negotiation together.
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds call_timeout{5000};
};

/// A conversation with QEMU's monitor (QMP) over a Unix socket. It is used as any Connection: one waits (the stubs are
/// in generated/qmp/calls.hpp), or one does not. Events come in between and go to the handler of on_event();
/// qmp::decode_event() reads them.
///
/// Every call has an id, so one that timed out does no harm to those after it. QEMU serves one client of a monitor at a
/// time: the next one is accepted, and hears nothing.
class Monitor : public Connection {
 public:
  /// Connects, and negotiates. kUnreachable; kTimedOut also where another client holds the monitor.
  static Result<std::unique_ptr<Monitor>> open(const std::string& path, const MonitorOptions& options);
  /// Negotiates on a stream that does not block.
  static Result<std::unique_ptr<Monitor>> over(UniqueFd stream, std::string name, const MonitorOptions& options);
  ~Monitor() override;

  using Connection::call;
  /// `timeout` counts from now.
  void start(const protocol::Call& call, std::chrono::milliseconds timeout, ReplyHandler handler) override;
  [[nodiscard]] int fd() const override { return stream_.get(); }
  [[nodiscard]] short events() const override;
  [[nodiscard]] Deadline deadline() const override;
  void process() override;
  [[nodiscard]] std::size_t pending() const override { return calls_.size(); }
  [[nodiscard]] std::size_t unsent_bytes() const override { return unsent_.size(); }
  /// Replies that come nevertheless are known by their ids, and dropped.
  void abandon() override { calls_.clear(); }

  /// What the greeting said.
  [[nodiscard]] const qmp::VersionInfo& version() const { return version_; }
  /// Why there is nothing more to come; nothing as long as the conversation goes on.
  [[nodiscard]] const std::optional<Error>& closed() const { return broken_; }

 private:
  struct Pending {
    std::string command;
    std::chrono::milliseconds timeout{};
    Deadline deadline = Deadline::max();
    ReplyHandler handler;
  };

  Monitor(UniqueFd stream, std::string name, const MonitorOptions& options);
  Result<void> negotiate(Deadline deadline);
  void take_greeting(protocol::JsonView message);
  void take_message(protocol::JsonDocument message);
  void take_input(std::string_view bytes);
  void send_some();
  void read_some();
  void check_time();
  void fail_all();

  UniqueFd stream_;
  ReplyReader reader_;
  std::vector<char> input_;
  std::string unsent_;
  std::map<std::int64_t, Pending> calls_;  // by id, so in their order
  std::int64_t next_id_ = 1;
  bool greeted_ = false;
  qmp::VersionInfo version_;
  std::optional<Error> broken_;
};

}  // namespace guestd::client
