// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "protocol/frame_reader.hpp"
#include "protocol/json_reader.hpp"

namespace guestd::protocol {

/// A message understood as far as its envelope: which command, with what. Views refer to the document inside, so a
/// request stays where it was made (hence the pointer); they live as long as it does.
struct Request {
  JsonDocument document;
  std::string_view command;
  std::optional<JsonView> arguments;  ///< an object, if there is one
  std::optional<JsonView> id;         ///< echoed in every reply to this request
  /// What is wrong with the envelope; command is empty then. Answered with the id.
  std::optional<Error> error;
};

/// Fails where there is no envelope at all: the message is no JSON, or its framing was broken.
/// Errors, in this order: syntax; `QMP input must be a JSON object`; `QMP input member 'id' is
/// too large` (not echoed); then members in the order of the message
/// (unexpected, execute not a string, arguments not an object); `QMP input lacks member 'execute'`.
Result<std::unique_ptr<Request>> read_request(FrameReader::Frame frame, JsonParser& parser);

}  // namespace guestd::protocol
