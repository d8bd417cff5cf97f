// SPDX-License-Identifier: Apache-2.0
#include "client/lib/stream_connection.hpp"

#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "protocol/event.hpp"

namespace guestd::client {
namespace {

using protocol::JsonDocument;
using protocol::JsonType;
using protocol::JsonView;

constexpr std::size_t kInputBytes = std::size_t{256} << 10U;
/// How much one call of process() reads, so that a guest that never stops sending does not keep it.
constexpr std::size_t kInputBytesAtOnce = std::size_t{8} << 20U;
/// What may be skipped before the reply to a sync: more than one reply of the largest kind, not more than a little.
constexpr std::size_t kSkippedBytes = std::size_t{256} << 20U;
/// Drops what an earlier client left half sent.
constexpr char kReset = static_cast<char>(0xFF);

std::int64_t fresh_id() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number) {
    number = static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
  }
  return static_cast<std::int64_t>(number >> 1U);
}

std::optional<std::int64_t> integer_member(JsonView object, std::string_view name) {
  const auto value = object.find(name);
  if (!value || !value->is(JsonType::kInt)) return std::nullopt;
  return value->as_int();
}

bool is_reply(JsonView message) { return message.is(JsonType::kObject); }

std::string limit_text(std::chrono::milliseconds limit) {
  const auto count = limit.count();
  if (count % 1000 == 0) return std::to_string(count / 1000) + " s";
  return std::to_string(count) + " ms";
}

}  // namespace

StreamConnection::StreamConnection(UniqueFd stream, StreamLock lock, std::string name, const ConnectionOptions& options)
    : Connection(std::move(name), options.call_timeout),
      stream_(std::move(stream)),
      lock_(std::move(lock)),
      sync_timeout_(options.connect_timeout),
      input_(kInputBytes) {}

StreamConnection::~StreamConnection() { fail(Error::unreachable("the connection to " + name() + " was closed")); }

void StreamConnection::start(const protocol::Call& call, std::chrono::milliseconds timeout, ReplyHandler handler) {
  Pending pending;
  pending.command = call.command;
  pending.timeout = timeout;
  pending.handler = std::move(handler);
  pending.quiet = !call.success_response;
  if (pending.quiet) {
    pending.id = fresh_id();
    pending.request = protocol::request_text(call, pending.id) + "\n" +
                      protocol::request_text({"guest-ping", {}, true}, pending.id ^ 1) + "\n";
  } else {
    pending.request = protocol::request_text(call) + "\n";
  }
  calls_.push_back(std::move(pending));
  release_requests();
}

void StreamConnection::release_requests() {
  if (broken_ || sync_id_) return;
  if (!in_step_) {
    if (!calls_.empty()) begin_sync(deadline_in(sync_timeout_));
    return;
  }
  for (; released_ < calls_.size(); ++released_) queue(std::exchange(calls_[released_].request, {}));
  start_clock();
}

void StreamConnection::start_clock() {
  if (released_ == 0) return;
  Pending& first = calls_.front();
  if (first.deadline == Deadline::max()) first.deadline = deadline_in(first.timeout);
}

void StreamConnection::begin_sync(Deadline deadline) {
  sync_id_ = fresh_id();
  sync_deadline_ = deadline;
  skipped_bytes_ = 0;
  swallow_ = 0;
  unsent_.clear();
  sent_of_first_ = 0;
  unsent_bytes_ = 0;
  const std::string arguments = "{\"id\": " + std::to_string(*sync_id_) + "}";
  queue(kReset + protocol::request_text({"guest-sync-delimited", arguments, true}) + "\n");
}

Result<void> StreamConnection::sync(Deadline deadline) {
  if (!sync_id_ && !in_step_ && !broken_) begin_sync(deadline);
  while (!in_step_ && !broken_) wait(deadline);
  if (broken_) return *broken_;
  return {};
}

void StreamConnection::queue(std::string bytes) {
  unsent_bytes_ += bytes.size();
  unsent_.push_back(std::move(bytes));
}

short StreamConnection::events() const {
  const int wanted = POLLIN | (unsent_.empty() ? 0 : POLLOUT);
  return static_cast<short>(wanted);
}

Deadline StreamConnection::deadline() const {
  if (broken_) return calls_.empty() ? Deadline::max() : Deadline::min();
  if (sync_id_) return sync_deadline_;
  return calls_.empty() ? Deadline::max() : calls_.front().deadline;
}

void StreamConnection::process() {
  if (!broken_) send_some();
  if (!broken_) read_some();
  // Handlers may have started calls, whose requests need not wait for the next round.
  if (!broken_ && !unsent_.empty()) send_some();
  if (!broken_) check_time();
  if (broken_) fail(*broken_);
}

void StreamConnection::abandon() {
  if (calls_.empty()) return;
  calls_.clear();
  released_ = 0;
  in_step_ = false;
}

void StreamConnection::send_some() {
  while (!unsent_.empty()) {
    const std::string& first = unsent_.front();
    const char* const from = first.data() + sent_of_first_;
    const std::size_t size = first.size() - sent_of_first_;
    // A serial line is no socket.
    ssize_t sent = ::send(stream_.get(), from, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == ENOTSOCK) sent = ::write(stream_.get(), from, size);
    if (sent < 0) {
      if (errno == EINTR) continue;
      // Whatever the agent still said is worth reading: the end shows there.
      if (errno != EAGAIN) unsent_.clear(), sent_of_first_ = 0, unsent_bytes_ = 0;
      return;
    }
    sent_of_first_ += static_cast<std::size_t>(sent);
    unsent_bytes_ -= static_cast<std::size_t>(sent);
    if (sent_of_first_ < first.size()) continue;
    unsent_.pop_front();
    sent_of_first_ = 0;
  }
}

void StreamConnection::read_some() {
  std::size_t total = 0;
  while (total < kInputBytesAtOnce && !broken_) {
    const ssize_t got = ::read(stream_.get(), input_.data(), input_.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      if (!calls_.empty() && calls_.front().quiet && released_ > 0) finish_first(Reply{std::nullopt});
      broken_ = Error::unreachable("the other end closed the connection to " + name());
      return;
    }
    total += static_cast<std::size_t>(got);
    take_input({input_.data(), static_cast<std::size_t>(got)});
    if (static_cast<std::size_t>(got) < input_.size()) return;
  }
}

void StreamConnection::take_input(std::string_view bytes) {
  if (sync_id_) skipped_bytes_ += bytes.size();
  while (!broken_) {
    auto message = reader_.next(bytes);
    if (!message) break;
    if (*message) {
      take_message(**std::move(message));
    } else if (in_step_ && !calls_.empty()) {
      // Where the next reply begins is anybody's guess.
      in_step_ = false;
      finish_first(std::move(*message).error());
      fail(Error::unreachable("the conversation with " + name() + " got out of step"));
    }
  }
  if (sync_id_ && skipped_bytes_ > kSkippedBytes) {
    broken_ = Error::unreachable("what " + name() + " sends has no end, and no reply to a sync in it");
  }
}

void StreamConnection::take_message(JsonDocument message) {
  const JsonView root = message.root();
  if (sync_id_) return take_sync_message(message);
  if (!in_step_) return;
  if (is_reply(root) && protocol::is_event(root)) {
    if (event_handler_) event_handler_(std::move(message));
    return;
  }
  if (swallow_ > 0) {
    --swallow_;
    return;
  }
  if (released_ == 0) return;  // an answer that nobody asked for
  if (calls_.front().quiet) return take_quiet_reply(std::move(message));
  finish_first(Reply{std::move(message)});
}

void StreamConnection::take_sync_message(const JsonDocument& message) {
  const JsonView root = message.root();
  if (!is_reply(root) || integer_member(root, "return") != sync_id_) return;
  sync_id_.reset();
  in_step_ = true;
  release_requests();
}

void StreamConnection::take_quiet_reply(JsonDocument message) {
  const JsonView root = message.root();
  const std::int64_t id = calls_.front().id;
  const auto answered = is_reply(root) ? integer_member(root, "id") : std::nullopt;
  const bool failed = is_reply(root) && root.find("error").has_value();
  // Agents that do not repeat the id are told apart by what they say: a ping does not fail.
  const bool of_ping = answered ? *answered == (id ^ 1) : !failed;
  if (of_ping) return finish_first(Reply{std::nullopt});
  swallow_ = 1;
  finish_first(Reply{std::move(message)});
}

void StreamConnection::finish_first(Reply reply) {
  Pending first = std::move(calls_.front());
  calls_.pop_front();
  if (released_ > 0) --released_;
  start_clock();
  first.handler(std::move(reply));
}

void StreamConnection::check_time() {
  if (deadline() > Clock::now()) return;
  if (sync_id_) {
    broken_ = Error::timed_out("no agent answers at " + name() + " (no reply to a sync)");
    return;
  }
  in_step_ = false;
  const Pending& first = calls_.front();
  const Error late = Error::timed_out("no reply to " + first.command + " in " + limit_text(first.timeout));
  if (first.quiet) finish_first(Reply{std::nullopt});
  fail(late);
}

void StreamConnection::fail(const Error& error) {
  std::deque<Pending> failed = std::exchange(calls_, {});
  released_ = 0;
  for (Pending& call : failed) call.handler(error);
}

}  // namespace guestd::client
