// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "platform/freezer.hpp"

namespace guestd::support {

/// Freezes nothing: records what was asked for, and fails where a test says so. Thread-safe. Shared by the targets
/// that it hands out, so a copy is the same freezer.
class FakeFreezer final : public platform::Freezer {
 public:
  /// `action` is `open`, `freeze` or `thaw`. The next such call, and all after it, fail with `error`; 0 mends it.
  void fail(const std::string& action, const std::string& mountpoint, int error) {
    const std::lock_guard lock(state_->mutex);
    state_->errors[action + " " + mountpoint] = error;
  }
  /// Called in place of `freeze <mountpoint>` before it succeeds, without a lock: may block.
  void on_freeze(std::function<void(const std::string& mountpoint)> callback) {
    const std::lock_guard lock(state_->mutex);
    state_->on_freeze = std::move(callback);
  }
  /// The same for `write_back` and `thaw`, with the action before the mount point.
  void on_action(std::function<void(const std::string& action, const std::string& mountpoint)> callback) {
    const std::lock_guard lock(state_->mutex);
    state_->on_action = std::move(callback);
  }
  /// `freeze /a`, `thaw /a`, in the order of the calls; those that failed have the errno behind them: `freeze /a !16`.
  [[nodiscard]] std::vector<std::string> log() const {
    const std::lock_guard lock(state_->mutex);
    return state_->log;
  }
  /// Mount points of what is frozen now.
  [[nodiscard]] std::set<std::string> frozen() const {
    const std::lock_guard lock(state_->mutex);
    return state_->frozen;
  }
  /// As if somebody else had done it.
  void set_frozen(const std::string& mountpoint, bool frozen) {
    const std::lock_guard lock(state_->mutex);
    if (frozen) {
      state_->frozen.insert(mountpoint);
    } else {
      state_->frozen.erase(mountpoint);
    }
  }

  Result<std::unique_ptr<platform::FreezeTarget>> open(const platform::Mount& mount) override {
    const std::lock_guard lock(state_->mutex);
    const int error = state_->error_of("open " + mount.mountpoint);
    if (error != 0) return Error::from_errno("failed to open " + mount.mountpoint, error);
    return std::unique_ptr<platform::FreezeTarget>(std::make_unique<Target>(state_, mount.mountpoint));
  }

 private:
  struct State {
    mutable std::mutex mutex;
    std::map<std::string, int> errors;
    std::vector<std::string> log;
    std::set<std::string> frozen;
    std::function<void(const std::string&)> on_freeze;
    std::function<void(const std::string&, const std::string&)> on_action;

    void act(const std::string& action, const std::string& mountpoint) {
      std::unique_lock lock(mutex);
      const auto callback = on_action;
      lock.unlock();
      if (callback) callback(action, mountpoint);
    }
    int error_of(const std::string& call) {
      const auto found = errors.find(call);
      return found == errors.end() ? 0 : found->second;
    }
    Result<void> note(const std::string& action, const std::string& mountpoint, int error) {
      const std::string call = action + " " + mountpoint;
      log.push_back(error == 0 ? call : call + " !" + std::to_string(error));
      if (error != 0) return Error::from_errno("failed to " + call, error);
      return {};
    }
  };

  class Target final : public platform::FreezeTarget {
   public:
    Target(std::shared_ptr<State> state, std::string mountpoint)
        : state_(std::move(state)), mountpoint_(std::move(mountpoint)) {}

    void write_back() override { state_->act("write_back", mountpoint_); }
    Result<void> freeze() override {
      std::unique_lock lock(state_->mutex);
      const auto callback = state_->on_freeze;
      lock.unlock();
      if (callback) callback(mountpoint_);
      lock.lock();
      int error = state_->error_of("freeze " + mountpoint_);
      if (error == 0 && !state_->frozen.insert(mountpoint_).second) error = EBUSY;
      return state_->note("freeze", mountpoint_, error);
    }
    Result<void> thaw() override {
      state_->act("thaw", mountpoint_);
      const std::lock_guard lock(state_->mutex);
      int error = state_->error_of("thaw " + mountpoint_);
      if (error == 0 && state_->frozen.erase(mountpoint_) == 0) error = EINVAL;
      return state_->note("thaw", mountpoint_, error);
    }

   private:
    std::shared_ptr<State> state_;
    std::string mountpoint_;
  };

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace guestd::support
