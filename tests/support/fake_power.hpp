// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "platform/power.hpp"

namespace guestd::support {

/// Switches nothing off: records what was asked for, and fails where a test says so. Thread-safe.
class FakePower final : public platform::KernelPower {
 public:
  /// `call` as in the log: fails with that errno from now on.
  void fail(const std::string& call, int error) {
    const std::lock_guard lock(mutex_);
    errors_[call] = error;
  }
  /// `powerdown`, `halt`, `reboot`, `state=mem`, `disk=suspend`, in the order of the calls, failed ones too.
  [[nodiscard]] std::vector<std::string> log() const {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  Result<void> end_system(platform::PowerAction action) override {
    return note(action == platform::PowerAction::kReboot ? "reboot"
                : action == platform::PowerAction::kHalt ? "halt"
                                                         : "powerdown");
  }
  Result<void> write(std::string_view file, std::string_view word) override {
    return note(std::string(file) + "=" + std::string(word));
  }

 private:
  Result<void> note(const std::string& call) {
    const std::lock_guard lock(mutex_);
    log_.push_back(call);
    const auto found = errors_.find(call);
    if (found != errors_.end()) return Error::from_errno("cannot " + call, found->second);
    return {};
  }

  mutable std::mutex mutex_;
  std::map<std::string, int> errors_;
  std::vector<std::string> log_;
};

}  // namespace guestd::support
