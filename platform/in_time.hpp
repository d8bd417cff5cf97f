// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.hpp"

namespace guestd::platform {

/// Asks many things, such as file systems and disks, and comes back in time, also if some never answer. Questions run
/// one after the other on a thread of their own; one that takes long gets the thread for itself while another goes on
/// with the rest. What has not answered in time keeps its thread until it does, and is not asked again before that.
/// Thread-safe.
class InTime {
 public:
  struct Limits {
    std::chrono::milliseconds answer = limits::kDeviceAnswer;
    std::chrono::milliseconds patience{200};  ///< after this time another thread goes on with the rest
    std::size_t threads = limits::kDeviceAskers;
    /// Where no thread can be had at all: ask on the caller's own, without a limit, rather than not at all.
    bool must_ask = false;
  };
  struct Question {
    std::string about;          ///< tells what is asked from all else that is
    std::function<void()> ask;  ///< may never return; owns what it needs, also what it leaves its answer in
  };

  InTime() : InTime(Limits()) {}
  explicit InTime(Limits limits);
  /// Does not wait for threads that are still stuck; they own what they need.
  ~InTime();
  InTime(const InTime&) = delete;
  InTime& operator=(const InTime&) = delete;

  /// Whether each question has been answered, in their order. Where not, its answer may still come, and must not be
  /// looked at.
  [[nodiscard]] std::vector<bool> ask(std::vector<Question> questions);
  /// How many have not answered so far.
  [[nodiscard]] std::size_t silent() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace guestd::platform
