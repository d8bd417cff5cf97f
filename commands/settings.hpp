// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "commands/access_rules.hpp"

namespace guestd::commands {

/// What the configuration says to commands.
struct Settings {
  /// Globs (fnmatch(3)): interfaces of these names are left out of the standard list.
  std::vector<std::string> hidden_interfaces{};
  AccessRules access{};
};

/// The settings that are in effect. A command asks once and goes by that until its end: they may be replaced meanwhile.
/// Thread-safe but for moving.
class CurrentSettings {
 public:
  CurrentSettings(Settings settings = {}) : state_(std::make_shared<State>()) { replace(std::move(settings)); }

  [[nodiscard]] std::shared_ptr<const Settings> now() const {
    const std::lock_guard lock(state_->mutex);
    return state_->settings;
  }
  void replace(Settings settings) {
    auto fresh = std::make_shared<const Settings>(std::move(settings));
    const std::lock_guard lock(state_->mutex);
    state_->settings = std::move(fresh);
  }

 private:
  struct State {
    std::mutex mutex;
    std::shared_ptr<const Settings> settings;
  };
  std::shared_ptr<State> state_;
};

}  // namespace guestd::commands
