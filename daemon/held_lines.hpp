// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.hpp"

namespace guestd::daemon {

/// Log lines that wait in memory until the disks take writes again. Bounded: what comes when it is full is counted and
/// dropped. One thread at a time.
template <typename Level>
class HeldLines {
 public:
  struct Line {
    std::chrono::system_clock::time_point time;
    Level level;
    std::string text;
  };

  void add(Level level, std::string_view text) {
    if (lines_.size() >= limits::kHeldLogLines || bytes_ + text.size() > limits::kHeldLogBytes) {
      ++dropped_;
      return;
    }
    bytes_ += text.size();
    lines_.push_back({std::chrono::system_clock::now(), level, std::string(text)});
  }

  struct Content {
    std::vector<Line> lines;
    std::size_t dropped = 0;
  };
  Content take() {
    bytes_ = 0;
    return {std::exchange(lines_, {}), std::exchange(dropped_, 0)};
  }

 private:
  std::vector<Line> lines_;
  std::size_t bytes_ = 0;
  std::size_t dropped_ = 0;
};

}  // namespace guestd::daemon
