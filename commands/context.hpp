// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "commands/file_handles.hpp"
#include "commands/settings.hpp"
#include "platform/host.hpp"

namespace guestd::commands {

class FreezeState;
class ProcessTable;

/// What guest-info tells about one command.
struct CommandStatus {
  std::string name;              ///< on the wire
  bool enabled = true;           ///< at this moment: policy, frozen state, what this system can do
  bool success_response = true;  ///< false: nothing is sent when it succeeds
};

/// What the policy says about one command, whatever else may keep it from running.
struct CommandPolicy {
  std::string_view name;    ///< on the wire
  std::string_view family;  ///< the file of the schema that it stands in
  bool allowed = true;
  std::string rule;  ///< what decides: `profile=monitor`, `block: files`
};

struct PolicySummary {
  std::string profile;
  std::vector<CommandPolicy> commands;  ///< in the order of the schema
};

/// What the agent offers, as the daemon's dispatcher sees it. Thread-safe.
class CommandCatalog {
 public:
  virtual ~CommandCatalog() = default;
  /// In the order of the schema.
  [[nodiscard]] virtual std::vector<CommandStatus> commands() const = 0;
  [[nodiscard]] virtual PolicySummary policy() const = 0;
};

/// What every command is given. One for the whole agent, of which a job makes a copy that has its own `given_up`:
/// commands run on several threads at once, and everything here is safe for that. It outlives all of them.
struct Context {
  const platform::Host& host;
  FileHandles& files;
  const CommandCatalog& catalog;
  FreezeState& freeze;
  ProcessTable& processes;
  CurrentSettings settings{};
  /// For commands that take long: true once nobody waits for this one any more. Null: it is always waited for.
  const std::atomic<bool>* given_up = nullptr;

  [[nodiscard]] bool is_given_up() const { return given_up != nullptr && given_up->load(std::memory_order_relaxed); }
};

}  // namespace guestd::commands
