// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "commands/context.hpp"
#include "daemon/dispatcher.hpp"
#include "daemon/job.hpp"
#include "daemon/log.hpp"
#include "daemon/stream.hpp"
#include "daemon/workers.hpp"
#include "protocol/frame_reader.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/request.hpp"

namespace guestd::daemon {

/// What all sessions share. Outlives them.
struct Services {
  asio::io_context& io;
  const Dispatcher& dispatcher;
  commands::Context& context;
  Workers& workers;
  Log& log;
  Audit* audit = nullptr;
};

/// One client's conversation on one stream: requests in, replies out in the same order, one command at a time. A
/// command that waits for news holds no thread, and waits no longer than until the next request has arrived. Nothing of
/// it outlives it, so the next client starts afresh. I/O thread only; kept alive by its owner, and by a command that
/// still runs.
///
/// Back-pressure: requests queue up to limits::kQueuedRequests and kQueuedRequestBytes, replies up to
/// kReplyBacklogBytes; then the session does not read, and the client waits.
class Session : public std::enable_shared_from_this<Session> {
 public:
  /// Why a conversation has ended.
  enum class End {
    kClosed,   ///< the client has gone, all replies were sent
    kLost,     ///< reading or writing failed
    kStalled,  ///< the client took nothing of a reply for limits::kReplyStall
    kPaused,   ///< the other side is away, the stream may come back (virtio ports); the stream is still open
  };

  /// Whether reading 0 bytes ends the stream, or only tells that the other side is away for now.
  enum class ZeroRead { kEnds, kPauses };

  Session(const Services& services, std::shared_ptr<Stream> stream, ZeroRead zero_read,
          std::function<void(End)> on_end);

  void start();

  /// What becomes of requests that have arrived completely and are not yet run.
  enum class Rest {
    kRun,      ///< they are run, for their effects
    kDropped,  ///< the agent ends
  };

  /// Lets go of the stream without a word.
  void mute(Rest rest = Rest::kRun);

  /// No request is waiting or running, and no reply is unsent.
  [[nodiscard]] bool is_idle() const;
  [[nodiscard]] std::chrono::steady_clock::time_point last_heard() const { return last_heard_; }
  /// When part of a reply was left unsent, the next conversation on the same stream begins with a newline.
  [[nodiscard]] bool leaves_reply_torn() const { return mid_reply_ || owes_newline_; }
  void begin_with_newline() {
    owes_newline_ = true;
    send("\n");
  }

 private:
  /// A request that waits for news.
  struct Parked {
    const protocol::CommandEntry* entry = nullptr;
    std::unique_ptr<protocol::Request> request;
    std::chrono::steady_clock::time_point since;
    std::function<void()> wake;
  };
  struct Item {
    std::unique_ptr<protocol::Request> request;  // nullptr: the message was no request
    std::optional<Error> error;
    std::size_t size_bytes = 0;
  };

  void read_soon();
  void wait_for_host();
  void on_readable();
  std::string_view take_from_room(std::size_t count);
  void advance();
  void run_the_rest();
  void take_unread();
  void lose_message();
  void accept(protocol::FrameReader::Frame frame);
  void give_up_for_sync(const protocol::Request& request);
  bool is_busy();
  bool may_answer();
  void answer_queued();
  void answer(Item item);
  void park(const protocol::CommandEntry& entry, std::unique_ptr<protocol::Request> request);
  bool answer_parked(bool is_over);
  void on_news(std::uint64_t number);
  void refuse(const Error& error, const protocol::Request& request);
  void start_job(const protocol::CommandEntry& entry, std::unique_ptr<protocol::Request> request);
  void on_job_output(const std::shared_ptr<Job>& job);
  void send(std::string text);
  void flush();
  void drop_output();
  void wait_for_room();
  void finish(End end);
  [[nodiscard]] bool has_room() const;
  [[nodiscard]] bool is_silent() const { return muted_ || output_lost_; }

  Services services_;
  const Recorder recorder_;
  std::shared_ptr<Stream> stream_;
  ZeroRead zero_read_;
  std::function<void(End)> on_end_;

  std::unique_ptr<char[]> chunk_;
  std::string_view unread_;  // of chunk_
  protocol::FrameReader frames_;
  protocol::JsonParser parser_;
  std::deque<Item> queue_;
  std::size_t queued_bytes_ = 0;
  std::shared_ptr<Job> job_;
  std::unique_ptr<Parked> parked_;   // never beside a job
  std::uint64_t parked_number_ = 0;  // so that late news do not reach the next one
  asio::steady_timer parked_until_;

  std::deque<std::string> out_;
  std::size_t out_bytes_ = 0;   // unsent
  std::size_t out_offset_ = 0;  // sent bytes of out_.front()
  bool mid_reply_ = false;      // the last byte sent was not the end of a reply
  bool owes_newline_ = false;   // the newline that parts this conversation from a torn reply is unsent
  bool waiting_to_read_ = false;
  bool waiting_to_write_ = false;
  bool input_ended_ = false;
  bool muted_ = false;
  bool output_lost_ = false;  // replies go nowhere
  bool heard_ = false;        // this conversation has received something
  std::chrono::steady_clock::time_point last_heard_;
  asio::steady_timer stall_;
  asio::steady_timer away_;  // the host's side of a port was seen closed; is it still?
  bool is_away_ = false;     // away_ runs
};

}  // namespace guestd::daemon
