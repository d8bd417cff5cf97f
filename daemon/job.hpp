// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "commands/context.hpp"
#include "daemon/audit.hpp"
#include "protocol/dispatch.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/request.hpp"

namespace guestd::daemon {

/// One command on a worker, and the way of its reply to the host. The worker produces the reply piece by piece and
/// waits while more than limits::kReplyBacklogBytes of it are on the way.
///
/// A session writes nothing while its job runs but what it collected from the job. So when nothing of that is on the
/// way, the worker sends the end of the reply itself, as far as that goes without waiting, and saves the host a change
/// of threads. (Not so the pieces before: sending one while the next is made is faster.)
class Job final : public protocol::ReplySink {
 public:
  /// `notify` is called on the worker whenever there is something to collect(). The end alone is notified only to a
  /// session that has asked for it with ended_or_notify(): most find out when the next request comes.
  /// `direct_fd`: where the worker may write without blocking until abandon(); -1: nowhere.
  Job(const protocol::CommandEntry& entry, std::unique_ptr<protocol::Request> request, commands::Context& context,
      int direct_fd, std::function<void()> notify, Recorder recorder = {});

  /// Runs the command. Worker only, once.
  void run();

  /// What has been produced and not yet been collected; `done` tells whether it was the last of it.
  struct Output {
    std::vector<std::string> pieces;
    bool done = false;
    bool sent_part = false;  ///< the worker has sent something itself since the last time
  };
  [[nodiscard]] Output collect();

  /// Whether the command has ended and nothing is left to collect.
  [[nodiscard]] bool has_ended();
  /// The same; if not, the end will be notified.
  [[nodiscard]] bool ended_or_notify();

  /// The host has taken this many bytes.
  void sent(std::size_t bytes);

  /// Nobody wants the reply any more; the command goes on unless it looks (Context::is_given_up), its reply does not.
  /// With `only_unstarted` this is refused (false) when part of the reply has been produced already: a reply is never
  /// cut off for a client that still listens.
  bool abandon(bool only_unstarted);

 private:
  bool take(std::string& piece) override;
  void finish(std::string piece);

  const protocol::CommandEntry& entry_;
  std::unique_ptr<protocol::Request> request_;
  commands::Context& context_;
  const int direct_fd_;
  std::function<void()> notify_;
  const Recorder recorder_;

  std::atomic<bool> given_up_ = false;  // the same as abandoned_, for the command to see
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> pieces_;
  std::size_t on_the_way_bytes_ = 0;
  bool started_ = false;
  bool abandoned_ = false;
  bool done_ = false;
  bool sent_part_ = false;
  bool notify_end_ = false;
};

}  // namespace guestd::daemon
