// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string_view>
#include <utility>

#include "commands/context.hpp"
#include "generated/commands.hpp"

namespace guestd::commands {
namespace {

GuestdPolicyProfile profile_named(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, GuestdPolicyProfile>, 3> kOthers{
      {{"full", GuestdPolicyProfile::kFull},
       {"monitor", GuestdPolicyProfile::kMonitor},
       {"backup", GuestdPolicyProfile::kBackup}}};
  for (const auto& [known, profile] : kOthers) {
    if (known == name) return profile;
  }
  return GuestdPolicyProfile::kNone;
}

}  // namespace

Result<GuestdGetPolicyResult> guestd_get_policy(Context& context) {
  PolicySummary summary = context.catalog.policy();
  GuestdPolicy policy;
  policy.profile = profile_named(summary.profile);
  policy.commands.reserve(summary.commands.size());
  for (CommandPolicy& command : summary.commands) {
    policy.commands.push_back(
        {std::string(command.name), std::string(command.family), command.allowed, std::move(command.rule)});
  }
  const auto settings = context.settings.now();
  for (const AccessRule* rule : settings->access.all()) {
    if (!rule->allowed.matches_all()) policy.rules.push_back({std::string(rule->key), rule->allowed.items()});
  }
  return policy;
}

}  // namespace guestd::commands
