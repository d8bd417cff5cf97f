// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "tests/support/agent.hpp"

namespace guestd::support {

/// The host's end of a conversation: bytes out, lines in, and a deadline for everything. It adds nothing and forgives
/// nothing. Works on any stream descriptor, a terminal included.
class Client {
 public:
  /// Connects to a Unix socket; throws std::runtime_error when nobody listens there.
  explicit Client(const std::string& socket);
  explicit Client(UniqueFd stream);

  [[nodiscard]] int fd() const { return stream_.get(); }

  /// Sends everything; false if the agent did not take it in time or has gone.
  bool send(std::string_view bytes, std::chrono::milliseconds timeout = kPatience);
  /// Sends until the agent takes nothing for `pause`; returns the number of bytes that went out.
  std::size_t send_while_taken(std::string_view bytes, std::chrono::milliseconds pause);

  /// The next line with its newline; what there is without one at the end of the stream or the time.
  std::string read_line(std::chrono::milliseconds timeout = kPatience);
  /// All that arrives until nothing has come for `silence`.
  std::string read_until_silence(std::chrono::milliseconds silence = 200ms);
  /// Reads and discards up to and including the next newline; the number of bytes, or 0 if none came in time. For
  /// replies of many megabytes.
  std::size_t discard_line(std::chrono::milliseconds timeout = kPatience);
  /// Whether the agent closes the connection within the time; discards what it sends before.
  bool sees_end(std::chrono::milliseconds timeout = kPatience);

  /// Sends one request and a newline and returns the reply without its newline.
  std::string request(std::string_view json, std::chrono::milliseconds timeout = kPatience);
  /// guest-sync with `id`; whether its reply was the very next line.
  bool sync(std::int64_t id = 4711, std::chrono::milliseconds timeout = kPatience);

  void close() { stream_.reset(); }

 private:
  /// Appends what is there to input_; false at the end of the stream or the time.
  bool fill(std::chrono::steady_clock::time_point deadline);

  UniqueFd stream_;
  std::string input_;
};

/// The text of a request that writes `payload_bytes` bytes to `handle`, with its newline.
std::string write_request(std::int64_t handle, std::size_t payload_bytes);
/// Opens `path` and returns the handle; throws unless the agent did.
std::int64_t open_file(Client& client, const std::string& path, std::string_view mode);
/// The number behind `{"return": `, if the reply has that form.
std::optional<std::int64_t> returned_integer(std::string_view reply);
/// The text of an error reply of class GenericError or CommandNotFound.
std::string generic_error(std::string_view desc);
std::string not_found_error(std::string_view desc);

}  // namespace guestd::support
