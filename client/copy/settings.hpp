// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "base/result.hpp"
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
  /// What was to be resumed is copied from its start, and why.
  std::function<void(std::string_view path, std::string_view why)> cannot_resume;
};

/// Folders in folders, at most: a guest could tell of any number.
inline constexpr int kDeepest = 256;

/// What became of one of many: whether the others can be copied all the same. If so, it is warned of, and the whole is
/// not `whole` any more.
inline bool pass_over(const Error& error, const Settings& settings, bool& whole) {
  if (error.kind == Error::Kind::kUnreachable || error.kind == Error::Kind::kTimedOut) return false;
  whole = false;
  settings.warn(error.text);
  return true;
}

}  // namespace guestd::copy
