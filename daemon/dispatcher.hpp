// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "commands/context.hpp"
#include "daemon/audit.hpp"
#include "daemon/command_rules.hpp"
#include "protocol/dispatch.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/request.hpp"

namespace guestd::daemon {

/// Features of the schema that the daemon acts on (schema/guest-agent/guest-agent.json explains them).
namespace feature {
inline constexpr std::string_view kSync = "sync";                     ///< ends what was asked before
inline constexpr std::string_view kWhileFrozen = "while-frozen";      ///< works while file systems are frozen
inline constexpr std::string_view kDelimited = "delimited";           ///< 0xFF stands before the reply
inline constexpr std::string_view kChanges = "changes";               ///< changes the guest: there is a record of it
inline constexpr std::string_view kOtherPlatform = "other-platform";  ///< known by name only
}  // namespace feature

/// Decides which commands run and runs them. It knows commands by their entries in the generated table, never by name.
/// Thread-safe.
///
/// While `is_frozen` says so, only commands run that have the feature for it; those of them that help to thaw run
/// whatever the policy says: like qemu-ga, so that what is frozen can always be thawed.
class Dispatcher final : public commands::CommandCatalog {
 public:
  /// `is_frozen` is called on all threads.
  explicit Dispatcher(CommandRules rules, std::function<bool()> is_frozen = {});

  /// From now on these rules count. Commands that run go on.
  void replace(CommandRules rules);

  /// The entry of a command that exists and is enabled, else an error of class CommandNotFound.
  [[nodiscard]] Result<const protocol::CommandEntry*> admit(std::string_view name) const;
  /// The entry of a command that this agent has, whether or not it may run; else nullptr.
  [[nodiscard]] const protocol::CommandEntry* find(std::string_view name) const;

  /// Runs a request and writes its whole reply, envelope and all, success or error. Whether the writer has text
  /// afterwards decides whether anything is sent: some commands do not answer on success. `recorder` is told.
  static void execute(const protocol::CommandEntry& entry, const protocol::Request& request, commands::Context& context,
                      protocol::JsonWriter& out, const Recorder& recorder = {});

  /// The same for a command that mostly need not wait: false, with nothing written, if a worker has to run it. Never
  /// waits.
  static bool execute_at_once(const protocol::CommandEntry& entry, const protocol::Request& request,
                              commands::Context& context, protocol::JsonWriter& out, const Recorder& recorder = {});

  /// The same for a command that waits for news: false, with nothing written, as long as it wants to wait. Never
  /// blocks.
  static bool execute_waiting(const protocol::CommandEntry& entry, const protocol::Request& request,
                              commands::Context& context, protocol::JsonWriter& out, protocol::Waiting& waiting,
                              const Recorder& recorder = {});

  [[nodiscard]] std::vector<commands::CommandStatus> commands() const override;
  [[nodiscard]] commands::PolicySummary policy() const override;

 private:
  /// By the rules and the frozen state.
  [[nodiscard]] bool allowed(const CommandRules& rules, const protocol::CommandEntry& entry) const;
  [[nodiscard]] std::shared_ptr<const CommandRules> rules() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const CommandRules> rules_;
  std::function<bool()> is_frozen_;
  std::unordered_map<std::string_view, const protocol::CommandEntry*> entries_;
};

/// All names that a list of commands in the configuration may contain.
std::vector<std::string_view> known_command_names();

}  // namespace guestd::daemon
