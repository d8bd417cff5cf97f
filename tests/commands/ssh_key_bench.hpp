// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/commands/command_bench.hpp"
#include "tests/support/keys.hpp"

namespace guestd::commands {

/// A machine with the user alice, who has one key, and the three commands on it.
class SshKeyBench {
 public:
  static constexpr const char* kFile = "home/alice/.ssh/authorized_keys";

  std::vector<std::string> get(const std::string& user = "alice") {
    SshGetAuthorizedKeysArgs args;
    args.username = user;
    auto result = ssh_get_authorized_keys(bench_.context(), args);
    if (!result) return {"error: " + result.error().text};
    return std::move(result->keys);
  }
  /// The text of the error, or none.
  std::string add(std::vector<std::string> keys, std::optional<bool> reset = {}, const std::string& user = "alice") {
    SshAddAuthorizedKeysArgs args;
    args.username = user;
    args.keys = std::move(keys);
    args.reset = reset;
    const auto done = ssh_add_authorized_keys(bench_.context(), args);
    return done ? "" : done.error().text;
  }
  std::string remove(std::vector<std::string> keys, const std::string& user = "alice") {
    SshRemoveAuthorizedKeysArgs args;
    args.username = user;
    args.keys = std::move(keys);
    const auto done = ssh_remove_authorized_keys(bench_.context(), args);
    return done ? "" : done.error().text;
  }
  [[nodiscard]] const support::TempDir& machine() const { return bench_.machine(); }
  [[nodiscard]] std::string text() const { return machine().read(kFile); }
  [[nodiscard]] Context& context() { return bench_.context(); }

 private:
  CommandBench bench_{"debian12"};
};

}  // namespace guestd::commands
