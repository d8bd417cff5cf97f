// SPDX-License-Identifier: Apache-2.0
#include "client/lib/connection.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "client/lib/libvirt_connection.hpp"
#include "client/lib/open_stream.hpp"
#include "client/lib/stream_connection.hpp"

namespace guestd::client {
namespace {

/// Streams that take one client at a time have a path to lock; over vsock each client has a connection of its own.
std::string path_to_lock(const Endpoint& endpoint) {
  if (const auto* const unix = std::get_if<UnixEndpoint>(&endpoint)) return unix->path;
  if (const auto* const serial = std::get_if<SerialEndpoint>(&endpoint)) return serial->path;
  return {};
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const Endpoint& endpoint, const ConnectionOptions& options) {
  const Deadline deadline = deadline_in(options.connect_timeout);
  if (const auto* const libvirt = std::get_if<LibvirtEndpoint>(&endpoint)) {
    return LibvirtConnection::open(*libvirt, options);
  }
  StreamLock lock;
  const std::string path = path_to_lock(endpoint);
  if (options.lock && !path.empty()) {
    auto taken = StreamLock::take(path, deadline);
    if (!taken) return std::move(taken).error();
    lock = *std::move(taken);
  }
  auto stream = open_stream(endpoint, deadline);
  if (!stream) return std::move(stream).error();
  auto connection =
      std::make_unique<StreamConnection>(*std::move(stream), std::move(lock), describe(endpoint), options);
  if (auto synced = connection->sync(deadline); !synced) return std::move(synced).error();
  return std::unique_ptr<Connection>(std::move(connection));
}

Reply Connection::call(const protocol::Call& call, std::chrono::milliseconds timeout) {
  std::optional<Reply> result;
  start(call, timeout, [&result](Reply reply) { result = std::move(reply); });
  while (!result) wait(Deadline::max());
  return *std::move(result);
}

void Connection::wait(Deadline limit) {
  wait_for(fd(), events(), std::min(limit, deadline()));
  process();
}

}  // namespace guestd::client
