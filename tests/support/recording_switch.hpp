// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "platform/online_switch.hpp"

namespace guestd::support {

/// Switches nothing, and remembers what it was told: "cpu1 on", "memory32 off". Thread-safe.
class RecordingSwitch final : public platform::OnlineSwitch {
 public:
  /// From now on everything that is done to `device` ("cpu1") fails with this errno.
  void fail(const std::string& device, int code) {
    const std::lock_guard lock(mutex_);
    failures_[device] = code;
  }
  [[nodiscard]] std::vector<std::string> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

  [[nodiscard]] Result<void> set_cpu(std::int64_t number, bool online) const override {
    return record("cpu" + std::to_string(number), online);
  }
  [[nodiscard]] Result<void> set_memory_block(std::uint64_t number, bool online) const override {
    return record("memory" + std::to_string(number), online);
  }

 private:
  Result<void> record(const std::string& device, bool online) const {
    const std::lock_guard lock(mutex_);
    calls_.push_back(device + (online ? " on" : " off"));
    const auto failure = failures_.find(device);
    if (failure == failures_.end()) return {};
    return Error::from_errno("switching " + device, failure->second);
  }

  mutable std::mutex mutex_;
  mutable std::vector<std::string> calls_;
  std::map<std::string, int> failures_;
};

}  // namespace guestd::support
