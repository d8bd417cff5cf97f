// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocol/call.hpp"

namespace guestd::commands {
struct Context {};
}  // namespace guestd::commands

namespace guestd::whole {

/// The agent of whole.json at the other end of a call, without a wire between: requests are framed, read and
/// dispatched as those of a host. Most of its commands answer with what they were given.
class Agent : public protocol::Caller {
 public:
  Result<std::optional<protocol::JsonDocument>> call(const protocol::Call& call) override;

  std::vector<std::string> requests;  // as they went over
  std::string last_reply;
  /// What to put into the next replies, as an agent might that is newer: `"more": 1, `, at the start of every object.
  std::string extra_member;

 private:
  std::string answer(const std::string& request);
};

}  // namespace guestd::whole
