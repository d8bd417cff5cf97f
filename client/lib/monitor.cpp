// SPDX-License-Identifier: Apache-2.0
#include "client/lib/monitor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "client/lib/open_stream.hpp"
#include "generated/qmp/calls.hpp"
#include "protocol/event.hpp"

namespace guestd::client {
namespace {

using protocol::JsonDocument;
using protocol::JsonType;
using protocol::JsonView;

constexpr std::size_t kInputBytes = std::size_t{64} << 10U;
/// How much one call of process() reads, so that a QEMU that never stops sending does not keep it.
constexpr std::size_t kInputBytesAtOnce = std::size_t{8} << 20U;

std::optional<std::int64_t> id_of(JsonView message) {
  const auto id = message.find("id");
  if (!id || !id->is(JsonType::kInt)) return std::nullopt;
  return id->as_int();
}

std::string seconds_text(std::chrono::milliseconds time) {
  if (time.count() % 1000 == 0) return std::to_string(time.count() / 1000) + " s";
  return std::to_string(time.count()) + " ms";
}

}  // namespace

Monitor::Monitor(UniqueFd stream, std::string name, const MonitorOptions& options)
    : Connection(std::move(name), options.call_timeout), stream_(std::move(stream)), input_(kInputBytes) {}

Monitor::~Monitor() {
  if (!broken_) broken_ = Error::unreachable("the connection to the monitor " + name() + " was closed");
  fail_all();
}

Result<std::unique_ptr<Monitor>> Monitor::open(const std::string& path, const MonitorOptions& options) {
  const Deadline deadline = deadline_in(options.connect_timeout);
  auto stream = connect_unix(path, deadline);
  if (!stream) return std::move(stream).error().with_context("the monitor");
  ::fcntl(stream->get(), F_SETFL, O_RDWR | O_NONBLOCK);
  MonitorOptions left = options;
  left.connect_timeout = std::max(std::chrono::milliseconds(1),
                                  std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()));
  return over(*std::move(stream), path, left);
}

Result<std::unique_ptr<Monitor>> Monitor::over(UniqueFd stream, std::string name, const MonitorOptions& options) {
  std::unique_ptr<Monitor> monitor(new Monitor(std::move(stream), std::move(name), options));
  if (auto done = monitor->negotiate(deadline_in(options.connect_timeout)); !done) return std::move(done).error();
  return monitor;
}

Result<void> Monitor::negotiate(Deadline deadline) {
  while (!greeted_ && !broken_) {
    if (Clock::now() >= deadline) {
      return Error::timed_out("the monitor " + name() + " does not greet: another client holds it, or QEMU hangs");
    }
    wait(deadline);
  }
  if (broken_) return *broken_;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  const auto reply = call(protocol::make_call<qmp::calls::QmpCapabilities>({}), std::max(left, decltype(left)(1)));
  if (!reply) return reply.error();
  if (auto value = protocol::returned(**reply); !value) return std::move(value).error();
  return {};
}

void Monitor::start(const protocol::Call& call, std::chrono::milliseconds timeout, ReplyHandler handler) {
  const std::int64_t id = next_id_++;
  calls_.emplace(id, Pending{std::string(call.command), timeout, deadline_in(timeout), std::move(handler)});
  if (!broken_) unsent_ += protocol::request_text(call, id) + "\n";
}

short Monitor::events() const { return static_cast<short>(POLLIN | (unsent_.empty() ? 0 : POLLOUT)); }

Deadline Monitor::deadline() const {
  if (broken_) return calls_.empty() ? Deadline::max() : Deadline::min();
  Deadline first = Deadline::max();
  for (const auto& [id, call] : calls_) first = std::min(first, call.deadline);
  return first;
}

void Monitor::process() {
  if (!broken_) send_some();
  if (!broken_) read_some();
  // Handlers may have started calls, whose requests need not wait for the next round.
  if (!broken_) send_some();
  if (!broken_) check_time();
  if (broken_) fail_all();
}

void Monitor::send_some() {
  while (!unsent_.empty()) {
    const ssize_t sent = ::send(stream_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      // What QEMU still said is worth reading: the end shows there.
      if (errno != EAGAIN) unsent_.clear();
      return;
    }
    unsent_.erase(0, static_cast<std::size_t>(sent));
  }
}

void Monitor::read_some() {
  std::size_t total = 0;
  while (total < kInputBytesAtOnce && !broken_) {
    const ssize_t got = ::read(stream_.get(), input_.data(), input_.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      broken_ = Error::unreachable("QEMU closed the monitor " + name());
      return;
    }
    total += static_cast<std::size_t>(got);
    take_input({input_.data(), static_cast<std::size_t>(got)});
    if (static_cast<std::size_t>(got) < input_.size()) return;
  }
}

void Monitor::take_input(std::string_view bytes) {
  while (!broken_) {
    auto message = reader_.next(bytes);
    if (!message) return;
    if (!*message || !(*message)->root().is(JsonType::kObject)) {
      broken_ = Error::unreachable("what is at " + name() + " is no monitor of QEMU: it does not speak QMP");
    } else if (!greeted_) {
      take_greeting((*message)->root());
    } else {
      take_message(**std::move(message));
    }
  }
}

void Monitor::take_greeting(JsonView message) {
  const auto greeting = message.find("QMP");
  if (!greeting || !greeting->is(JsonType::kObject)) {
    broken_ = Error::unreachable("what is at " + name() + " is no monitor of QEMU: it does not greet as one");
    return;
  }
  greeted_ = true;
  const auto version = greeting->find("version");
  auto read = version ? qmp::calls::QueryVersion::decode(*version) : Result<qmp::VersionInfo>(Error{});
  if (read) version_ = *std::move(read);
}

void Monitor::take_message(JsonDocument message) {
  if (protocol::is_event(message.root())) {
    if (event_handler_) event_handler_(std::move(message));
    return;
  }
  const auto id = id_of(message.root());
  // QEMU leaves the id out where it could not read the request; it answers in order.
  const auto found = id ? calls_.find(*id) : calls_.begin();
  if (found == calls_.end()) return;
  Pending call = std::move(found->second);
  calls_.erase(found);
  call.handler(Reply{std::move(message)});
}

void Monitor::check_time() {
  const auto now = Clock::now();
  for (auto next = calls_.begin(); next != calls_.end();) {
    if (next->second.deadline > now) {
      ++next;
      continue;
    }
    Pending call = std::move(next->second);
    calls_.erase(next);
    call.handler(Error::timed_out("QEMU did not answer " + call.command + " in " + seconds_text(call.timeout)));
    next = calls_.begin();  // the handler may have changed anything
  }
}

void Monitor::fail_all() {
  auto failed = std::exchange(calls_, {});
  for (auto& [id, call] : failed) call.handler(*broken_);
}

}  // namespace guestd::client
