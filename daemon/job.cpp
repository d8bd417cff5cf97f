// SPDX-License-Identifier: Apache-2.0
#include "daemon/job.hpp"

#include <unistd.h>

#include <algorithm>
#include <new>
#include <utility>

#include "base/limits.hpp"
#include "daemon/dispatcher.hpp"
#include "protocol/reply.hpp"

namespace guestd::daemon {

Job::Job(const protocol::CommandEntry& entry, std::unique_ptr<protocol::Request> request, commands::Context& context,
         int direct_fd, std::function<void()> notify, Recorder recorder)
    : entry_(entry),
      request_(std::move(request)),
      context_(context),
      direct_fd_(direct_fd),
      notify_(std::move(notify)),
      recorder_(recorder) {}

void Job::run() {
  protocol::JsonWriter out(this);
  try {
    commands::Context context = context_;
    context.given_up = &given_up_;
    Dispatcher::execute(entry_, *request_, context, out, recorder_);
  } catch (const std::bad_alloc&) {
    // What has left of the reply cannot be taken back; the host's parser and a sync put that right.
    out.restart(0);
    protocol::write_error(out, Error{"There is no memory for this command"}, std::nullopt);
  }
  request_.reset();  // the message may be 64 MiB
  {
    const std::lock_guard lock(mutex_);
    if (!out.text().empty() && !abandoned_) finish(out.take_text());
    started_ = true;
    done_ = true;
    if (pieces_.empty() && !notify_end_) return;
  }
  notify_();
}

bool Job::take(std::string& piece) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return abandoned_ || on_the_way_bytes_ < limits::kReplyBacklogBytes; });
    if (abandoned_) return false;
    started_ = true;
    on_the_way_bytes_ += piece.size();
    pieces_.push_back(std::exchange(piece, std::string()));
  }
  notify_();
  return true;
}

// With the lock held.
void Job::finish(std::string piece) {
  if (on_the_way_bytes_ == 0 && direct_fd_ >= 0) {
    const ssize_t sent = ::write(direct_fd_, piece.data(), piece.size());
    // What goes wrong here goes wrong for the session as well, which knows what to do about it.
    if (sent > 0) {
      sent_part_ = true;
      piece.erase(0, static_cast<std::size_t>(sent));
    }
  }
  if (piece.empty()) return;
  on_the_way_bytes_ += piece.size();
  pieces_.push_back(std::move(piece));
}

Job::Output Job::collect() {
  const std::lock_guard lock(mutex_);
  return {std::exchange(pieces_, {}), done_, std::exchange(sent_part_, false)};
}

bool Job::has_ended() {
  const std::lock_guard lock(mutex_);
  return done_ && pieces_.empty();
}

bool Job::ended_or_notify() {
  const std::lock_guard lock(mutex_);
  notify_end_ = true;
  return done_ && pieces_.empty();
}

void Job::sent(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  on_the_way_bytes_ -= std::min(bytes, on_the_way_bytes_);
  changed_.notify_one();
}

bool Job::abandon(bool only_unstarted) {
  const std::lock_guard lock(mutex_);
  if (only_unstarted && started_) return false;
  abandoned_ = true;
  given_up_ = true;
  pieces_.clear();
  changed_.notify_one();
  return true;
}

}  // namespace guestd::daemon
