// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "schema/compiler/checker_state.hpp"

namespace guestd::schema::checking {
namespace {

using Kind = Condition::Kind;

bool is_macro(std::string_view text) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto rest = [&](char c) { return upper(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && upper(text.front()) && std::all_of(text.begin(), text.end(), rest);
}

Condition read(State& state, const Value& value);

Condition read_macro(State& state, const Value& value) {
  if (is_macro(value.text)) return {Kind::kMacro, value.text, {}};
  const bool blank = value.text.find_first_not_of(' ') == std::string::npos;
  if (state.dialect.legacy && !blank) return {Kind::kExpression, value.text, {}};
  state.error(value.position, "condition " + quoted(value.text) + " is not the name of a macro");
  return {};
}

Condition read_parts(State& state, const Value& list, Kind kind, std::string_view name) {
  Condition result{kind, {}, {}};
  if (!list.is_list() || list.items.empty()) {
    state.error(list.position, quoted(name) + " must be a list of at least one condition");
    return {};
  }
  for (const auto& item : list.items) result.parts.push_back(read(state, item));
  return result;
}

Condition read_object(State& state, const Value& value) {
  if (!check_keys(state, value, "condition", {{}, {"all", "any", "not"}})) return {};
  if (value.keys.size() != 1) {
    state.error(value.position, "a condition has one of the keys 'all', 'any' and 'not'");
    return {};
  }
  const auto& name = value.keys.front().name;
  const Value& operand = value.items.front();
  if (name == "not") return {Kind::kNot, {}, {read(state, operand)}};
  return read_parts(state, operand, name == "all" ? Kind::kAll : Kind::kAny, name);
}

Condition read(State& state, const Value& value) {
  if (value.is_string()) return read_macro(state, value);
  if (value.is_object()) return read_object(state, value);
  if (value.is_list() && state.dialect.legacy) return read_parts(state, value, Kind::kAll, "if");
  state.error(value.position, "a condition must be a string or an object");
  return {};
}

}  // namespace

Condition read_condition(State& state, const Value& holder) {
  const Value* value = holder.is_object() ? holder.find("if") : nullptr;
  return value != nullptr ? read(state, *value) : Condition{};
}

}  // namespace guestd::schema::checking
