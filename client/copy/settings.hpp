// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "client/copy/progress.hpp"

namespace guestd::copy {

/// How a copy is made, and who hears of it.
struct Settings {
  bool resume = false;   ///< go on with a file that is there in part
  bool checksum = true;  ///< compare SHA-256 at the end
  bool owners = true;    ///< keep owners and groups, where that is allowed
  Progress* progress = nullptr;
  /// One file of many could not be copied, or not wholly; the others are.
  std::function<void(std::string_view text)> warn;
};

/// Folders in folders, at most: a guest could tell of any number.
inline constexpr int kDeepest = 256;

}  // namespace guestd::copy
