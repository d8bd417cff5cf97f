// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "commands/freeze_state.hpp"

namespace guestd::support {

/// Remembers what it is told. Thread-safe.
class FakeFreezeListener final : public commands::FreezeListener {
 public:
  void hold_writes(bool hold) override {
    const std::lock_guard lock(mutex_);
    holds_ = hold;
  }
  void deadline_is(std::optional<std::chrono::nanoseconds> since_boot) override {
    const std::lock_guard lock(mutex_);
    deadline_ = since_boot;
  }
  void tell(Severity, const std::string& text) override {
    const std::lock_guard lock(mutex_);
    texts_.push_back(text);
  }

  [[nodiscard]] bool holds() const {
    const std::lock_guard lock(mutex_);
    return holds_;
  }
  [[nodiscard]] std::optional<std::chrono::nanoseconds> deadline() const {
    const std::lock_guard lock(mutex_);
    return deadline_;
  }
  [[nodiscard]] std::vector<std::string> texts() const {
    const std::lock_guard lock(mutex_);
    return texts_;
  }

 private:
  mutable std::mutex mutex_;
  bool holds_ = false;
  std::optional<std::chrono::nanoseconds> deadline_;
  std::vector<std::string> texts_;
};

}  // namespace guestd::support
