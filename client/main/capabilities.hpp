// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "client/lib/connection.hpp"

namespace guestd::guestctl {

/// What an agent says it can do (guest-info): commands that are enabled.
class Capabilities {
 public:
  static Result<Capabilities> of(client::Connection& connection);
  explicit Capabilities(std::set<std::string, std::less<>> commands) : commands_(std::move(commands)) {}

  [[nodiscard]] bool has(std::string_view command) const { return commands_.contains(command); }

 private:
  std::set<std::string, std::less<>> commands_;
};

}  // namespace guestd::guestctl
