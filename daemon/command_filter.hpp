// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace guestd::daemon {

/// Which commands the configuration lets the host run. With a list of allowed commands everything else is refused; the
/// block list beats it. An empty list is no list: this is what `allow-rpcs=` in a dumped configuration means.
/// Immutable, so any thread may ask.
class CommandFilter {
 public:
  CommandFilter() = default;
  CommandFilter(std::vector<std::string> allow, std::vector<std::string> block);

  [[nodiscard]] bool allowed(std::string_view name) const;
  /// Whether the block list names it.
  [[nodiscard]] bool blocks(std::string_view name) const;
  /// Whether there is no list, so that everything is allowed.
  [[nodiscard]] bool is_open() const { return allow_.empty() && block_.empty(); }

 private:
  std::vector<std::string> allow_;  // both sorted
  std::vector<std::string> block_;
};

}  // namespace guestd::daemon
