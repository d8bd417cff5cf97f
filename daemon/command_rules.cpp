// SPDX-License-Identifier: Apache-2.0
#include "daemon/command_rules.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "daemon/dispatcher.hpp"

namespace guestd::daemon {
namespace {

bool has(const std::vector<std::string>& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  out.resize(std::max(width, text.size()), ' ');
  return out + "  ";
}

}  // namespace

CommandRules::CommandRules(CommandFilter filter) : filter_(std::move(filter)), allows_everything_(filter_.is_open()) {}

CommandRules::CommandRules(const PolicyConfiguration& policy, CommandFilter filter)
    : profile_(policy.profile),
      allow_(policy.allow),
      block_(policy.block),
      filter_(std::move(filter)),
      allows_everything_(profile_ == Profile::kFull && block_.empty() && filter_.is_open()) {}

CommandRules::Decision CommandRules::decide_by_policy(const protocol::CommandEntry& entry) const {
  for (const std::string_view name : {entry.name, entry.family}) {
    if (has(block_, name)) return {false, Cause::kBlock, name};
    if (has(allow_, name)) return {true, Cause::kAllow, name};
  }
  return {profile_allows(profile_, entry), Cause::kProfile, {}};
}

CommandRules::Decision CommandRules::decide(const protocol::CommandEntry& entry) const {
  const Decision decision = decide_by_policy(entry);
  if (!decision.allowed || filter_.allowed(entry.name)) return decision;
  return {false, filter_.blocks(entry.name) ? Cause::kBlockRpcs : Cause::kAllowRpcs, {}};
}

std::string CommandRules::rule(const Decision& decision) const {
  switch (decision.cause) {
    case Cause::kAllow:
      return "allow: " + std::string(decision.name);
    case Cause::kBlock:
      return "block: " + std::string(decision.name);
    case Cause::kAllowRpcs:
      return "allow-rpcs";
    case Cause::kBlockRpcs:
      return "block-rpcs";
    case Cause::kProfile:
      break;
  }
  return "profile=" + std::string(name_of(profile_));
}

std::string policy_table(const PolicyConfiguration& policy, const CommandRules& rules) {
  std::size_t name_width = 0;
  std::size_t family_width = 0;
  for (const auto& entry : protocol::command_table()) {
    name_width = std::max(name_width, entry.name.size());
    family_width = std::max(family_width, entry.family.size());
  }
  std::string text = padded("COMMAND", name_width) + padded("FAMILY", family_width) + "ALLOWED  RULE\n";
  for (const auto& entry : protocol::command_table()) {
    if (entry.has_feature(feature::kOtherPlatform)) continue;
    const auto decision = rules.decide(entry);
    text += padded(entry.name, name_width) + padded(entry.family, family_width);
    text += padded(decision.allowed ? "yes" : "no", 7) + rules.rule(decision) + "\n";
  }
  text += "\n";
  for (const commands::AccessRule* rule : policy.access.all()) {
    text += padded(rule->key, 16);
    for (const std::string& item : rule->allowed.items()) text += " " + item;
    text += "\n";
  }
  return text;
}

}  // namespace guestd::daemon
