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
  return end == std::string_view::npos ? std::string_view() : name.substr(end + 1);
}

bool well_formed(std::string_view name, NameStyle style) {
  if (name.empty()) return false;
  const bool digit_first = style == NameStyle::kEnumValue && is_digit(name.front());
  if (!is_lower(name.front()) && !is_upper(name.front()) && !digit_first) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '-' || c == '_'; });
}

bool right_style(std::string_view name, NameStyle style) {
  if (style == NameStyle::kCamel) {
    return is_upper(name.front()) && name.find_first_of("-_") == std::string_view::npos &&
           std::any_of(name.begin(), name.end(), is_lower);
  }
  return std::none_of(name.begin(), name.end(), [](char c) { return is_upper(c) || c == '_'; });
}

}  // namespace

bool check_name(State& state, Position position, std::string_view name, std::string_view what, NameStyle style,
                bool any_case) {
  const auto stem = without_domain(name);
  const auto start = std::string(what) + " name " + quoted(name);
  if (!well_formed(stem, style)) {
    state.error(position, start + " is not valid");
    return false;
  }
  if (stem.starts_with("q_") || stem.starts_with("q-")) {
    state.error(position, start + " begins with the reserved 'q_'");
    return false;
  }
  if (style == NameStyle::kCamel && (stem.ends_with("List") || stem.ends_with("Kind"))) {
    state.error(position, start + " ends with the reserved " + quoted(stem.substr(stem.size() - 4)));
    return false;
  }
  if (!any_case && !right_style(stem, style)) {
    state.error(position, start + (style == NameStyle::kCamel ? " must be in CamelCase"
                                                              : " must be in lower case, with '-' between words"));
    return false;
  }
  return true;
}

}  // namespace guestd::schema::checking
