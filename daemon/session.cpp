// SPDX-License-Identifier: Apache-2.0
#include "daemon/session.hpp"

#include <boost/asio/post.hpp>

#include <cerrno>
#include <new>
#include <span>
#include <utility>

#include "base/limits.hpp"
#include "protocol/reply.hpp"

namespace guestd::daemon {
namespace {

constexpr std::size_t kReadBytes = 128 << 10;
constexpr std::size_t kSmallPiece = 4 << 10;

std::string error_reply(const Error& error, const protocol::Request* request) {
  protocol::JsonWriter out;
  protocol::write_error(out, error, request != nullptr ? request->id : std::nullopt);
  return out.take_text();
}

}  // namespace

Session::Session(const Services& services, std::shared_ptr<Stream> stream, ZeroRead zero_read,
                 std::function<void(End)> on_end)
    : services_(services),
      recorder_{services.audit, services.audit != nullptr ? services.audit->new_client() : 0},
      stream_(std::move(stream)),
      zero_read_(zero_read),
      on_end_(std::move(on_end)),
      parked_until_(services.io),
      last_heard_(std::chrono::steady_clock::now()),
      stall_(services.io),
      away_(services.io) {}

void Session::start() { advance(); }

bool Session::is_idle() const { return queue_.empty() && !parked_ && (!job_ || job_->has_ended()) && out_bytes_ == 0; }

bool Session::has_room() const {
  return queue_.size() < limits::kQueuedRequests && queued_bytes_ < limits::kQueuedRequestBytes &&
         out_bytes_ < limits::kReplyBacklogBytes;
}

// ---- input

void Session::read_soon() {
  if (waiting_to_read_ || input_ended_ || muted_) return;
  waiting_to_read_ = true;
  stream_->wait_readable([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->muted_) return;
    self->waiting_to_read_ = false;
    self->on_readable();
  });
}

void Session::on_readable() {
  // Left untouched, so that a client with small requests costs one page of it.
  if (!chunk_) chunk_ = std::make_unique_for_overwrite<char[]>(kReadBytes);
  const std::span<char> room = frames_.room(kReadBytes);
  const ssize_t count = stream_->read(room.empty() ? std::span(chunk_.get(), kReadBytes) : room);
  if (count > 0) {
    heard_ = true;
    last_heard_ = std::chrono::steady_clock::now();
    unread_ = room.empty() ? std::string_view(chunk_.get(), static_cast<std::size_t>(count))
                           : take_from_room(static_cast<std::size_t>(count));
    advance();
  } else if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    read_soon();
  } else if (count < 0) {
    finish(End::kLost);
  } else if (zero_read_ == ZeroRead::kEnds && stream_->peer_is_away()) {
    finish(End::kClosed);  // nobody waits for the replies, so the client's place is free while its commands run
  } else if (zero_read_ == ZeroRead::kEnds) {
    input_ended_ = true;
    advance();
  } else {
    if (heard_ || out_bytes_ > 0) wait_for_host();
    read_soon();
  }
}

// What comes behind the message that the bytes belong to.
std::string_view Session::take_from_room(std::size_t count) {
  std::string rest;
  try {
    if (auto frame = frames_.next_in_room(count, rest)) accept(std::move(*frame));
  } catch (const std::bad_alloc&) {
    lose_message();
  }
  rest.copy(chunk_.get(), rest.size());
  return {chunk_.get(), rest.size()};
}

// The conversation ends unless the host is back at once.
void Session::wait_for_host() {
  if (std::exchange(is_away_, true)) return;
  away_.expires_after(limits::kHostAway);
  away_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!self || error || self->muted_) return;
    self->is_away_ = false;
    if (self->stream_->peer_is_away()) self->finish(End::kPaused);
  });
}

// Does all that can be done now: cuts messages from the input, answers them, sends; then waits for what is missing.
void Session::advance() {
  const auto self = shared_from_this();  // finish() below may drop the last other owner
  do {
    take_unread();
    flush();
    if (muted_) return run_the_rest();
    // Nobody calls again for what was left because of a full backlog, should the client have taken all of that now.
  } while ((!unread_.empty() && has_room()) || may_answer());
  if (unread_.empty() && has_room()) read_soon();
  if (input_ended_ && unread_.empty() && !is_busy() && is_idle()) finish(End::kClosed);
}

// Answers what has arrived, as long as there is room for what that brings.
void Session::take_unread() {
  answer_queued();
  while (!unread_.empty() && (has_room() || muted_)) {
    try {
      if (auto frame = frames_.next(unread_)) accept(std::move(*frame));
    } catch (const std::bad_alloc&) {
      lose_message();
    }
    answer_queued();
  }
}

void Session::lose_message() {
  frames_.reset();
  queue_.push_back({nullptr, Error{"The message is too large for the memory of this machine"}, 0});
}

void Session::accept(protocol::FrameReader::Frame frame) {
  Item item;
  item.size_bytes = frame.text.size();
  auto request = protocol::read_request(std::move(frame), parser_);
  if (request) {
    item.request = std::move(*request);
    item.error = item.request->error;
    item.size_bytes += item.request->document.root().weight_bytes();
  } else {
    item.error = std::move(request).error();
  }
  if (item.request && !item.error) give_up_for_sync(*item.request);
  queued_bytes_ += item.size_bytes;
  queue_.push_back(std::move(item));
}

// ---- answers

// A client that syncs has given up what it asked before: the reply of a running command is dropped, and so is what
// still waits. Only a reply of which part is on its way already comes before that of the sync.
void Session::give_up_for_sync(const protocol::Request& request) {
  if (queue_.empty() && !parked_ && (!job_ || job_->has_ended())) return;
  const auto entry = services_.dispatcher.admit(request.command);
  if (!entry || !(*entry)->has_feature(feature::kSync)) return;
  protocol::JsonWriter probe;
  if (!(*entry)->run(services_.context, request.arguments ? &*request.arguments : nullptr, probe)) {
    return;  // a sync with wrong arguments gives nothing up
  }
  queue_.clear();
  queued_bytes_ = 0;
  parked_.reset();
  if (job_ && job_->abandon(true)) job_.reset();
}

// Whether a command still runs; if so, its end will call advance().
bool Session::is_busy() {
  if (job_ && job_->ended_or_notify()) {
    if (job_->collect().sent_part) mid_reply_ = false;  // it has sent the end of its reply itself
    job_.reset();
  }
  // The next request ends a wait.
  if (parked_ && !queue_.empty()) (void)answer_parked(true);
  return job_ != nullptr || parked_ != nullptr;
}

bool Session::may_answer() { return !queue_.empty() && out_bytes_ < limits::kReplyBacklogBytes && !is_busy(); }

void Session::answer_queued() {
  while (may_answer()) {
    Item item = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= item.size_bytes;
    try {
      answer(std::move(item));
    } catch (const std::bad_alloc&) {
      send(error_reply(Error{"There is no memory for this command"}, nullptr));
    }
  }
}

void Session::answer(Item item) {
  if (item.error) return send(error_reply(*item.error, item.request.get()));
  const auto entry = services_.dispatcher.admit(item.request->command);
  if (!entry) return refuse(entry.error(), *item.request);
  if ((*entry)->run_waiting != nullptr) return park(**entry, std::move(item.request));
  protocol::JsonWriter out;
  if (!(*entry)->coroutine) {
    Dispatcher::execute(**entry, *item.request, services_.context, out, recorder_);
  } else if (!Dispatcher::execute_at_once(**entry, *item.request, services_.context, out, recorder_)) {
    return start_job(**entry, std::move(item.request));
  }
  send(out.take_text());
}

void Session::park(const protocol::CommandEntry& entry, std::unique_ptr<protocol::Request> request) {
  const std::uint64_t number = ++parked_number_;
  auto wake = [weak = weak_from_this(), number, &io = services_.io] {
    asio::post(io, [weak, number] {
      if (const auto self = weak.lock()) self->on_news(number);
    });
  };
  parked_ =
      std::make_unique<Parked>(Parked{&entry, std::move(request), std::chrono::steady_clock::now(), std::move(wake)});
  (void)answer_parked(!queue_.empty() || is_silent());
}

// Whether it is answered.
bool Session::answer_parked(bool is_over) {
  protocol::JsonWriter out;
  protocol::Waiting waiting;
  waiting.is_over = is_over;
  waiting.wake = parked_->wake;
  if (Dispatcher::execute_waiting(*parked_->entry, *parked_->request, services_.context, out, waiting, recorder_)) {
    parked_.reset();
    parked_until_.cancel();
    send(out.take_text());
    return true;
  }
  const auto until = parked_->since + waiting.limit;
  if (parked_until_.expiry() == until) return false;
  parked_until_.expires_at(until);
  parked_until_.async_wait([weak = weak_from_this(), number = parked_number_](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!self || error || !self->parked_ || self->parked_number_ != number) return;
    (void)self->answer_parked(true);
    self->advance();
  });
  return false;
}

void Session::on_news(std::uint64_t number) {
  if (!parked_ || parked_number_ != number) return;
  if (answer_parked(false)) advance();
}

void Session::refuse(const Error& error, const protocol::Request& request) {
  const auto* entry = services_.dispatcher.find(request.command);
  if (entry != nullptr && recorder_.audit != nullptr)
    recorder_.audit->refused(recorder_.client, *entry, request, error);
  send(error_reply(error, &request));
}

void Session::start_job(const protocol::CommandEntry& entry, std::unique_ptr<protocol::Request> request) {
  const protocol::Request* asked = request.get();
  // The worker's notifications arrive on the I/O thread. The job keeps the session, so that a muted one can go on.
  const auto slot = std::make_shared<std::weak_ptr<Job>>();
  auto notify = [self = shared_from_this(), slot, &io = services_.io] {
    asio::post(io, [self, slot] {
      if (const auto job = slot->lock()) self->on_job_output(job);
    });
  };
  // The job may send its reply itself if everything before it is out.
  const int direct_fd = !is_silent() && out_bytes_ == 0 ? stream_->direct_fd() : -1;
  const auto job =
      std::make_shared<Job>(entry, std::move(request), services_.context, direct_fd, std::move(notify), recorder_);
  *slot = job;
  job_ = job;
  if (is_silent()) job->abandon(false);  // or its reply would wait for room for ever
  const auto need = entry.has_feature(feature::kWhileFrozen) ? Workers::Need::kWhileFrozen : Workers::Need::kOrdinary;
  if (services_.workers.submit([job] { job->run(); }, need)) return;
  job_.reset();
  send(error_reply({"Command " + std::string(entry.name) + " was not started: too many commands are still running", 0,
                    Error::Kind::kGeneric},
                   asked));
}

void Session::on_job_output(const std::shared_ptr<Job>& job) {
  if (job != job_) return;  // given up
  Job::Output output = job->collect();
  if (output.sent_part) mid_reply_ = !output.done || !output.pieces.empty();
  if (output.done) job_.reset();
  for (std::string& piece : output.pieces) send(std::move(piece));
  advance();
}

// ---- output

void Session::send(std::string text) {
  if (text.empty() || is_silent()) return;
  out_bytes_ += text.size();
  // Answers to requests that came together leave together.
  if (!out_.empty() && out_.back().size() + text.size() <= kSmallPiece) {
    out_.back() += text;
  } else {
    out_.push_back(std::move(text));
  }
}

void Session::flush() {
  while (!waiting_to_write_ && !out_.empty()) {
    std::string& piece = out_.front();
    const ssize_t count = stream_->write(std::string_view(piece).substr(out_offset_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return wait_for_room();
    if (count <= 0) return drop_output();
    const auto sent = static_cast<std::size_t>(count);
    out_bytes_ -= sent;
    out_offset_ += sent;
    if (job_) job_->sent(sent);
    mid_reply_ = piece[out_offset_ - 1] != '\n';
    owes_newline_ = false;
    if (out_offset_ == piece.size()) {
      out_.pop_front();
      out_offset_ = 0;
    }
  }
}

// The client takes no replies any more. What it has sent before is still read and run, for its effects.
void Session::drop_output() {
  output_lost_ = true;
  out_.clear();
  out_bytes_ = 0;
  out_offset_ = 0;
  if (job_) job_->abandon(false);
}

void Session::wait_for_room() {
  if (stream_->peer_is_away()) {
    if (zero_read_ == ZeroRead::kEnds) return finish(End::kClosed);
    wait_for_host();
  }
  waiting_to_write_ = true;
  stall_.expires_after(limits::kReplyStall);
  stall_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    // The client may have taken something since the timer fired; then it was set anew.
    const bool is_due = self && self->stall_.expiry() <= std::chrono::steady_clock::now();
    if (is_due && !error && self->waiting_to_write_) self->finish(End::kStalled);
  });
  stream_->wait_writable([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->muted_) return;
    self->waiting_to_write_ = false;
    self->stall_.cancel();
    self->advance();
  });
}

// ---- the end

void Session::mute(Rest rest) {
  if (std::exchange(muted_, true)) return;
  drop_output();
  stall_.cancel();
  away_.cancel();
  parked_.reset();
  parked_until_.cancel();
  stream_.reset();
  on_end_ = nullptr;
  if (rest == Rest::kDropped) {
    unread_ = {};
    queue_.clear();
  }
  run_the_rest();
}

// What has arrived before the session was muted. The command that runs keeps the session alive and calls advance() at
// its end, which is_busy() has asked it for; without a command nobody keeps it.
void Session::run_the_rest() {
  take_unread();
  while (!is_busy() && !queue_.empty()) take_unread();
}

void Session::finish(End end) {
  if (muted_) return;
  const auto self = shared_from_this();
  const auto on_end = std::move(on_end_);
  mute();
  if (on_end) on_end(end);
}

}  // namespace guestd::daemon
