// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"
#include "client/lib/connection.hpp"
#include "client/lib/reply_reader.hpp"
#include "client/lib/stream_lock.hpp"

namespace guestd::client {

/// A conversation over a stream of bytes.
class StreamConnection : public Connection {
 public:
  /// `stream` does not block.
  StreamConnection(UniqueFd stream, StreamLock lock, std::string name, const ConnectionOptions& options);
  ~StreamConnection() override;

  void start(const protocol::Call& call, std::chrono::milliseconds timeout, ReplyHandler handler) override;
  [[nodiscard]] int fd() const override { return stream_.get(); }
  [[nodiscard]] short events() const override;
  [[nodiscard]] Deadline deadline() const override;
  void process() override;
  void abandon() override;
  [[nodiscard]] std::size_t pending() const override { return calls_.size(); }
  [[nodiscard]] std::size_t unsent_bytes() const override { return unsent_bytes_; }

  /// Brings the stream in step; to be called once at the start, later it happens by itself.
  Result<void> sync(Deadline deadline);

 private:
  struct Pending {
    std::string request;  // empty once it is queued for sending
    std::string command;
    std::chrono::milliseconds timeout{};
    ReplyHandler handler;
    bool quiet = false;  // nothing comes on success: a ping behind it tells
    std::int64_t id = 0;
    Deadline deadline = Deadline::max();  // set when it is the first
  };

  void begin_sync(Deadline deadline);
  void release_requests();
  void send_some();
  void read_some();
  void take_input(std::string_view bytes);
  void take_message(protocol::JsonDocument message);
  void take_sync_message(const protocol::JsonDocument& message);
  void take_reply(protocol::JsonDocument message);
  void take_quiet_reply(protocol::JsonDocument message);
  void finish_first(Reply reply);
  void start_clock();
  void check_time();
  void fail(const Error& error);
  void queue(std::string bytes);

  UniqueFd stream_;
  StreamLock lock_;
  std::chrono::milliseconds sync_timeout_;
  ReplyReader reader_;
  std::vector<char> input_;
  std::deque<std::string> unsent_;
  std::size_t sent_of_first_ = 0;
  std::size_t unsent_bytes_ = 0;
  std::deque<Pending> calls_;
  std::size_t released_ = 0;  // of calls_, from the front, whose requests are queued or sent
  std::size_t swallow_ = 0;   // replies that answer no call: pings behind a quiet call that failed
  bool in_step_ = false;
  std::optional<std::int64_t> sync_id_;  // while its reply is awaited
  Deadline sync_deadline_ = Deadline::max();
  std::size_t skipped_bytes_ = 0;
  std::optional<Error> broken_;  // the stream is of no use any more
};

}  // namespace guestd::client
