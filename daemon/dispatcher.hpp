// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "commands/context.hpp"
#include "daemon/command_filter.hpp"
#include "protocol/dispatch.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/request.hpp"

namespace guestd::daemon {

/// Features of the schema that the daemon acts on (schema/guest-agent/guest-agent.json explains them).
namespace feature {
inline constexpr std::string_view kSync = "sync";                     ///< ends what was asked before
inline constexpr std::string_view kWhileFrozen = "while-frozen";      ///< works while file systems are frozen
inline constexpr std::string_view kDelimited = "delimited";           ///< 0xFF stands before the reply
inline constexpr std::string_view kOtherPlatform = "other-platform";  ///< known by name only
}  // namespace feature

/// Decides which commands run and runs them. It knows commands by their entries in the generated table, never by name.
/// Immutable after construction, so safe from all threads.
///
/// While `is_frozen` says so, exactly the commands run that have the feature for it, whatever the filter says of them:
/// like qemu-ga, so that what is frozen can always be thawed.
class Dispatcher final : public commands::CommandCatalog {
 public:
  /// `is_frozen` is called on all threads.
  explicit Dispatcher(CommandFilter filter, std::function<bool()> is_frozen = {});

  /// The entry of a command that exists and is enabled, else an error of class CommandNotFound.
  [[nodiscard]] Result<const protocol::CommandEntry*> admit(std::string_view name) const;

  /// Runs a request and writes its whole reply, envelope and all, success or error. Whether the writer has text
  /// afterwards decides whether anything is sent: some commands do not answer on success.
  static void execute(const protocol::CommandEntry& entry, const protocol::Request& request, commands::Context& context,
                      protocol::JsonWriter& out);

  /// The same for a command that mostly need not wait: false, with nothing written, if a worker has to run it. Never
  /// waits.
  static bool execute_at_once(const protocol::CommandEntry& entry, const protocol::Request& request,
                              commands::Context& context, protocol::JsonWriter& out);

  /// The same for a command that waits for news: false, with nothing written, as long as it wants to wait. Never
  /// blocks.
  static bool execute_waiting(const protocol::CommandEntry& entry, const protocol::Request& request,
                              commands::Context& context, protocol::JsonWriter& out, protocol::Waiting& waiting);

  [[nodiscard]] std::vector<commands::CommandStatus> commands() const override;

 private:
  /// By the filter, or by the frozen state.
  [[nodiscard]] bool allowed(const protocol::CommandEntry& entry) const;

  CommandFilter filter_;
  std::function<bool()> is_frozen_;
  std::unordered_map<std::string_view, const protocol::CommandEntry*> entries_;
};

/// All names that a list of commands in the configuration may contain.
std::vector<std::string_view> known_command_names();

}  // namespace guestd::daemon
