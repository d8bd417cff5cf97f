// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "protocol/frame_reader.hpp"
#include "protocol/json_reader.hpp"

namespace guestd::client {

/// Turns the bytes that come from a guest into messages. The guest is not trusted: a message has at most 64 MiB, 2^21
/// tokens and 1024 levels (limits::kMessage...), no more than one is kept, and it is JSON throughout, or it is an
/// error. 0xFF, which stands before the reply of guest-sync-delimited, drops what is partial.
class ReplyReader {
 public:
  /// Reads from the front of `input` until a message is complete or the input is used up, and removes what was read. An
  /// error is one message that is broken; the next one may be good.
  std::optional<Result<protocol::JsonDocument>> next(std::string_view& input);

  /// Whether part of a message is waiting for the rest.
  [[nodiscard]] bool has_partial() const { return frames_.has_partial(); }

 private:
  protocol::FrameReader frames_;
  protocol::JsonParser parser_;
};

}  // namespace guestd::client
