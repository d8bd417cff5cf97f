// SPDX-License-Identifier: Apache-2.0
#include "daemon/command_filter.hpp"

#include <algorithm>
#include <utility>

namespace guestd::daemon {

CommandFilter::CommandFilter(std::vector<std::string> allow, std::vector<std::string> block)
    : allow_(std::move(allow)), block_(std::move(block)) {
  std::ranges::sort(allow_);
  std::ranges::sort(block_);
}

bool CommandFilter::allowed(std::string_view name) const {
  if (blocks(name)) return false;
  return allow_.empty() || std::ranges::binary_search(allow_, name);
}

bool CommandFilter::blocks(std::string_view name) const { return std::ranges::binary_search(block_, name); }

}  // namespace guestd::daemon
