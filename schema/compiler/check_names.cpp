// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "schema/compiler/checker_state.hpp"

namespace guestd::schema::checking {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Names outside of the project that owns the schema begin with `__` and a domain: `__org.example_name`.
std::string_view without_domain(std::string_view name) {
  if (!name.starts_with("__")) return name;
  const auto end = name.find('_', 2);
  if (end == std::string_view::npos || end == 2) return {};
  const auto domain = name.substr(2, end - 2);
  const bool good = std::all_of(domain.begin(), domain.end(), [](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '-' || c == '.';
  });
  return good ? name.substr(end + 1) : std::string_view();
}

bool well_formed(std::string_view name, NameRule rule) {
  if (name.empty()) return false;
  const bool digit_first = rule.style == NameRule::Style::kEnumValue && is_digit(name.front());
  if (!is_lower(name.front()) && !is_upper(name.front()) && !digit_first) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '-' || c == '_'; });
}

/// What is wrong with the style of a well-formed name; empty if nothing is.
std::string_view style_fault(std::string_view name, NameRule rule) {
  const bool underscore = name.find('_') != std::string_view::npos;
  const bool upper = std::any_of(name.begin(), name.end(), is_upper);
  const bool lower = std::any_of(name.begin(), name.end(), is_lower);
  const bool dash = name.find('-') != std::string_view::npos;
  switch (rule.style) {
    case NameRule::Style::kCamel:
      return !is_upper(name.front()) || underscore || dash || !lower ? " must be in CamelCase" : "";
    case NameRule::Style::kUpper:
      return lower || dash ? " must be in upper case, with '_' between words" : "";
    case NameRule::Style::kLower:
    case NameRule::Style::kEnumValue:
      break;
  }
  const bool good = (!upper || rule.upper) && (!underscore || rule.underscore);
  return good ? "" : " must be in lower case, with '-' between words";
}

}  // namespace

bool check_name(State& state, Position position, std::string_view name, std::string_view what, NameRule rule) {
  const auto stem = without_domain(name);
  const auto start = std::string(what) + " name " + quoted(name);
  if (!well_formed(stem, rule)) {
    state.error(position, start + " is not valid");
    return false;
  }
  if (stem.starts_with("q_") || stem.starts_with("q-")) {
    state.error(position, start + " begins with the reserved 'q_'");
    return false;
  }
  if (rule.style == NameRule::Style::kCamel && stem.ends_with("List")) {
    state.error(position, start + " ends with the reserved 'List'");
    return false;
  }
  const auto fault = state.dialect.legacy ? std::string_view() : style_fault(stem, rule);
  if (!fault.empty()) state.error(position, start + std::string(fault));
  return fault.empty();
}

std::string c_name(std::string_view name) {
  std::string result(name);
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return result;
}

void DistinctNames::add(const std::string& name, Position position) {
  const auto [entry, fresh] = taken_.emplace(c_name(name), name);
  if (fresh) return;
  const auto start = std::string(what_) + " " + quoted(name);
  state_.error(position,
               start + (entry->second == name ? " stands here twice" : " clashes with " + quoted(entry->second)));
}

}  // namespace guestd::schema::checking
