// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "client/lib/deadline.hpp"
#include "client/lib/endpoint.hpp"
#include "protocol/call.hpp"
#include "protocol/json_reader.hpp"

/// The host's side of the guest agent protocol. Nothing here starts a thread, installs a signal handler or throws on
/// what a guest sends. One connection belongs to one thread at a time.
namespace guestd::client {

struct ConnectionOptions {
  /// For connecting: the lock, the socket and the sync together.
  std::chrono::milliseconds connect_timeout{5000};
  /// For each call that does not name a time of its own.
  std::chrono::milliseconds call_timeout{5000};
  /// Keeps other clients of this library off the stream (StreamLock).
  bool lock = true;
};

/// What comes back from a command: the whole reply, errors of the agent included (protocol::returned() tells them
/// apart); nullopt if the command has no success response and no error came. Errors are those of the connection:
/// kUnreachable, kTimedOut, or a message that is no reply.
using Reply = Result<std::optional<protocol::JsonDocument>>;
using ReplyHandler = std::function<void(Reply)>;
/// A message of the agent that is no reply (`protocol::is_event`).
using EventHandler = std::function<void(protocol::JsonDocument)>;

/// A conversation with one agent. There are two ways to use it.
///
///  - One waits: `auto reply = connection.call(...)`, or a generated stub, `agent::get_time(connection)`.
///  - One does not: start() any number of calls, wait for fd() with poll(2) or an event loop until `deadline()`, and
///  call
///    process(), which calls the handlers. Replies come in the order of the calls.
///
/// The stream is brought in step (guest-sync-delimited, with an id that nobody else has) before the first call and
/// after each that timed out; replies to earlier clients are skipped. A command is sent only when the agent has
/// answered that.
class Connection : public protocol::Caller {
 public:
  /// Connects, and syncs. See client/lib/open_stream.hpp for the errors.
  static Result<std::unique_ptr<Connection>> open(const Endpoint& endpoint, const ConnectionOptions& options);

  /// Waits for the reply, for at most call_timeout().
  Reply call(const protocol::Call& call) final { return this->call(call, call_timeout_); }
  Reply call(const protocol::Call& call, std::chrono::milliseconds timeout);

  /// The handler is called once, by process() or by the destructor (with an error), never by start(). `timeout` counts
  /// from the moment the calls before this one have been answered.
  virtual void start(const protocol::Call& call, std::chrono::milliseconds timeout, ReplyHandler handler) = 0;
  /// What to wait for: fd() with the events of poll(2), until deadline().
  [[nodiscard]] virtual int fd() const = 0;
  [[nodiscard]] virtual short events() const = 0;
  [[nodiscard]] virtual Deadline deadline() const = 0;
  /// Sends and reads what can be without waiting, notices what has timed out, calls handlers.
  virtual void process() = 0;
  /// Calls that have no answer yet.
  [[nodiscard]] virtual std::size_t pending() const = 0;
  /// Bytes of requests that wait to be sent.
  [[nodiscard]] virtual std::size_t unsent_bytes() const = 0;

  /// Calls that have no answer yet are given up, without a word to their handlers: what comes for them is skipped, by a
  /// sync before the next call.
  virtual void abandon() = 0;
  /// Whether process() waits for the answer (libvirt), so that nothing else can be done meanwhile.
  [[nodiscard]] virtual bool waits_itself() const { return false; }

  /// Waits until something can be processed, for at most until `limit`, and processes it.
  void wait(Deadline limit);

  /// Events are dropped where there is no handler.
  void on_event(EventHandler handler) { event_handler_ = std::move(handler); }

  [[nodiscard]] std::chrono::milliseconds call_timeout() const { return call_timeout_; }
  void set_call_timeout(std::chrono::milliseconds timeout) { call_timeout_ = timeout; }
  /// Where this leads, for error texts.
  [[nodiscard]] const std::string& name() const { return name_; }

 protected:
  Connection(std::string name, std::chrono::milliseconds call_timeout)
      : call_timeout_(call_timeout), name_(std::move(name)) {}
  EventHandler event_handler_;

 private:
  std::chrono::milliseconds call_timeout_;
  std::string name_;
};

}  // namespace guestd::client
