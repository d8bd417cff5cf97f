// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "commands/access_rules.hpp"
#include "protocol/dispatch.hpp"

/// The group [policy] of the configuration. docs/configuration.md describes it, docs/trust-model.md what it is worth.
namespace guestd::daemon {

/// What a policy starts from.
enum class Profile : std::uint8_t { kFull, kMonitor, kBackup, kNone };

inline constexpr std::array<std::string_view, 4> kProfileNames{"full", "monitor", "backup", "none"};

[[nodiscard]] std::string_view name_of(Profile profile);
/// `has the value '<name>', which is no profile; did you mean '...'?`
Result<Profile> profile_named(std::string_view name);

/// Whether a profile lets a command run. Decided by the command's family and whether it changes the guest, so that
/// nothing new is let in by accident: families that profile_knows() not are for `full` alone.
[[nodiscard]] bool profile_allows(Profile profile, const protocol::CommandEntry& entry);
/// Whether somebody has decided where the family belongs.
[[nodiscard]] bool profile_knows(std::string_view family);
/// Whether commands of this family run while file systems are frozen even if the policy forbids them, as far as the
/// schema lets them: what is frozen can always be thawed.
[[nodiscard]] bool helps_to_thaw(std::string_view family);

struct PolicyConfiguration {
  Profile profile = Profile::kFull;
  std::vector<std::string> allow;  ///< names of commands and families, in the order of the files
  std::vector<std::string> block;
  commands::AccessRules access{};
  bool confine = true;  ///< whether the process gives up what the allowed commands do not need
};

/// Adds what one file says of a rule to what files before it have said. Items of files where the object is a path are
/// checked for ones that no path can match. The error says what is wrong with the value.
Result<void> add_to_rule(commands::AccessRule& rule, const std::vector<std::string>& items);

/// All families of commands, in the order of the schema.
std::vector<std::string_view> family_names();

}  // namespace guestd::daemon
