// SPDX-License-Identifier: Apache-2.0
#include "daemon/policy.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "daemon/configuration.hpp"
#include "daemon/dispatcher.hpp"

namespace guestd::daemon {
namespace {

using Families = std::span<const std::string_view>;

// What a conversation needs, and what tells the host what it may ask: open in every profile.
constexpr std::array<std::string_view, 4> kTalk{"protocol", "info", "introspection", "policy"};
// Facts about the guest. Commands of these families that change it are not for `monitor`.
constexpr std::array<std::string_view, 11> kFacts{"cpus",    "devices", "disks",  "figures",    "fsfreeze", "memory",
                                                  "network", "routes",  "system", "statistics", "time"};
// What `backup` may change.
constexpr std::array<std::string_view, 2> kBackup{"fsfreeze", "fstrim"};
// Powers: for `full` alone.
constexpr std::array<std::string_view, 8> kPowers{"exec",      "files",   "passwords", "power",
                                                  "processes", "restore", "ssh-keys",  "suspend"};
constexpr std::array<std::string_view, 3> kThaw{"protocol", "info", "fsfreeze"};

bool has(Families families, std::string_view family) { return std::ranges::find(families, family) != families.end(); }

bool is_path_rule(const commands::AccessRule& rule) {
  return rule.key.ends_with("-files") || rule.key == "exec-programs" || rule.key == "show-filesystems";
}

// A path has one form, and a pattern that wants another one would match nothing; behind a `!` that lets everything in.
Result<void> check_path_pattern(std::string_view item) {
  const std::string_view pattern = item.substr(item.starts_with('!') ? 1 : 0);
  const auto wrong = [&](std::string_view why) {
    return Error{"has the item '" + std::string(item) + "', which no path can match: " + std::string(why)};
  };
  if (!pattern.starts_with('/') && !pattern.starts_with("**")) return wrong("paths begin with a slash");
  if (pattern.size() > 1 && pattern.ends_with('/')) return wrong("they do not end in one");
  for (const std::string_view part : {"//", "/./", "/../"}) {
    if (pattern.find(part) != std::string_view::npos) return wrong("'" + std::string(part) + "' is never part of one");
  }
  if (pattern.ends_with("/.") || pattern.ends_with("/..")) return wrong("they do not end in dots");
  return {};
}

bool is_word(std::string_view item) { return item == "any" || item == "none"; }

// `none` is what others may be added to; so is the default. What is only taken away from nothing leaves nothing.
std::vector<std::string> joined(const commands::AccessRule& rule, const std::vector<std::string>& items) {
  const auto& before = rule.allowed.items();
  const bool takes_away = std::ranges::all_of(items, [](const std::string& item) { return item.starts_with('!'); });
  if (before == std::vector<std::string>{"none"} && takes_away) return before;
  if (before.size() == 1 && is_word(before.front())) return items;
  std::vector<std::string> all = before;
  all.insert(all.end(), items.begin(), items.end());
  return all;
}

}  // namespace

std::string_view name_of(Profile profile) { return kProfileNames.at(static_cast<std::size_t>(profile)); }

Result<Profile> profile_named(std::string_view name) {
  const auto found = std::ranges::find(kProfileNames, name);
  if (found != kProfileNames.end()) return static_cast<Profile>(found - kProfileNames.begin());
  return Error{"has the value '" + std::string(name) + "', which is no profile" + suggestion(name, kProfileNames)};
}

bool profile_allows(Profile profile, const protocol::CommandEntry& entry) {
  const bool is_fact = has(kFacts, entry.family) && !entry.has_feature(feature::kChanges);
  switch (profile) {
    case Profile::kFull:
      return true;
    case Profile::kBackup:
      return has(kTalk, entry.family) || is_fact || has(kBackup, entry.family);
    case Profile::kMonitor:
      return has(kTalk, entry.family) || is_fact;
    case Profile::kNone:
      break;
  }
  return has(kTalk, entry.family);
}

bool profile_knows(std::string_view family) {
  return has(kTalk, family) || has(kFacts, family) || has(kBackup, family) || has(kPowers, family);
}

bool helps_to_thaw(std::string_view family) { return has(kThaw, family); }

Result<void> add_to_rule(commands::AccessRule& rule, const std::vector<std::string>& items) {
  if (items.empty()) return Error{"is empty: name a pattern, 'any' or 'none'"};
  for (const std::string& item : items) {
    if (!is_path_rule(rule) || is_word(item)) continue;
    if (auto sound = check_path_pattern(item); !sound) return sound;
  }
  auto list = PatternList::parse(joined(rule, items));
  if (!list) return std::move(list).error();
  rule.allowed = *std::move(list);
  return {};
}

std::vector<std::string_view> family_names() {
  std::vector<std::string_view> names;
  for (const protocol::CommandEntry& entry : protocol::command_table()) {
    if (std::ranges::find(names, entry.family) == names.end()) names.push_back(entry.family);
  }
  return names;
}

}  // namespace guestd::daemon
