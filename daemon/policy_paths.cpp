// SPDX-License-Identifier: Apache-2.0
#include "daemon/policy_paths.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/policy.hpp"
#include "platform/in_time.hpp"

namespace guestd::daemon {
namespace {

using platform::InTime;

/// The folder or file that a pattern names before its first wildcard; empty if it names none.
std::string fixed_part(std::string_view pattern) {
  const std::size_t wildcard = pattern.find_first_of("*?[");
  std::string path;
  for (std::size_t i = 0; i < std::min(wildcard, pattern.size()); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    path += pattern[i];
  }
  if (wildcard != std::string_view::npos) path.erase(path.find_last_of('/') == std::string::npos ? 0 : path.rfind('/'));
  return path;
}

/// A part of the path that is a link, or lies behind one, and where it truly lies.
struct Detour {
  std::string part;
  std::string truth;
};

/// What does not exist is judged by the folder in which it would be.
std::optional<Detour> detour_of(const platform::Root& root, std::string path) {
  while (path.size() > 1) {
    const auto file = root.resolve(path);
    if (file) {
      const auto truth = root.path_of(file->get());
      if (!truth || *truth == path) return std::nullopt;
      return Detour{path, *truth};
    }
    if (file.error().errno_value != ENOENT && file.error().errno_value != ENOTDIR) return std::nullopt;
    path.erase(path.rfind('/'));
  }
  return std::nullopt;
}

struct Item {
  std::string_view key;
  std::string text;
  bool takes_away = false;
  std::string path;
};

std::vector<Item> items_with_paths(const commands::AccessRules& rules) {
  std::vector<Item> items;
  for (const commands::AccessRule* rule : rules.all()) {
    if (!is_path_rule(*rule)) continue;
    for (const std::string& text : rule->allowed.items()) {
      const bool takes_away = text.starts_with('!');
      std::string path = fixed_part(std::string_view(text).substr(takes_away ? 1 : 0));
      if (path.starts_with('/')) items.push_back({rule->key, text, takes_away, std::move(path)});
    }
  }
  return items;
}

void tell(const Item& item, const Detour& detour, Findings& findings) {
  const std::string text = "key '" + std::string(item.key) + "' has the item '" + item.text +
                           "', which no path can match: the true path of '" + detour.part + "' is '" + detour.truth +
                           "'";
  (item.takes_away ? findings.errors : findings.warnings).push_back(text);
}

}  // namespace

void check_paths(const platform::Root& root, const commands::AccessRules& rules, Findings& findings) {
  const auto items = items_with_paths(rules);
  if (items.empty()) return;
  const auto shared = std::make_shared<const platform::Root>(root.copy());
  const auto detours = std::make_shared<std::vector<std::optional<Detour>>>(items.size());
  std::vector<InTime::Question> questions;
  for (std::size_t i = 0; i < items.size(); ++i) {
    questions.push_back(
        {items[i].path, [shared, detours, i, path = items[i].path] { (*detours)[i] = detour_of(*shared, path); }});
  }
  InTime in_time;
  const auto answered = in_time.ask(std::move(questions));
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (answered[i] && (*detours)[i]) tell(items[i], *(*detours)[i], findings);
  }
}

}  // namespace guestd::daemon
