// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace guestd::protocol {

/// The result of a command with the feature `constant`: a list whose elements were written when the agent was built, so
/// that a reply needs no objects, only a copy.
struct ConstantList {
  /// One element per line, as JSON in the agent's own style, each with a newline behind it. Lives as long as the
  /// process.
  std::string_view lines;
};

}  // namespace guestd::protocol
