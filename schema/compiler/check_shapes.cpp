// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "schema/compiler/checker_state.hpp"

namespace guestd::schema::checking {
namespace {

bool among(std::initializer_list<std::string_view> list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

/// Whether the generated C needs the name for itself.
bool reserved_member(std::string_view name) {
  return name == "u" || name.starts_with("has-") || name.starts_with("has_");
}

/// A member or branch with its type; false if that is wrong.
bool read_member(State& state, Member& member, const Value& value, std::string_view what, const Keys& keys) {
  const Value* type = &value;
  if (value.is_object()) {
    if (!check_keys(state, value, std::string(what) + " " + quoted(member.name), keys)) return false;
    member.features = read_features(state, value);
    member.condition = read_condition(state, value);
    type = value.find("type");
  }
  const auto use = read_type(state, *type);
  if (use) member.use = *use;
  return use.has_value();
}

/// The type that describes what an alternate holds. Hardly any schema names it, so it is made for those that do.
const Type& add_qtype(State& state) {
  Type& type = state.schema.add_type("QType");
  type.implicit = true;
  EnumType values;
  for (const auto* name : {"none", "qnull", "qnum", "qstring", "qdict", "qlist", "qbool"}) {
    values.values.push_back({name, {}, {}, {}});
  }
  values.prefix = "QTYPE";
  type.shape = std::move(values);
  return type;
}

/// nullptr after an error.
const Type* find_type(State& state, const Value& name) {
  if (const Type* type = state.schema.find_type(name.text)) return type;
  if (name.text == "QType") return &add_qtype(state);
  const bool command_or_event = state.no_types.contains(name.text);
  if (command_or_event || name.text.empty() || !state.dialect.partial) {
    state.error(name.position,
                command_or_event ? quoted(name.text) + " is not a type" : "unknown type " + quoted(name.text));
    return nullptr;
  }
  state.diagnostics.warning(name.position, "unknown type " + quoted(name.text));
  Type& type = state.schema.add_type(name.text);
  type.position = name.position;
  type.unresolved = true;
  return &type;
}

}  // namespace

bool check_keys(State& state, const Value& value, std::string_view what, const Keys& keys) {
  bool good = true;
  for (const auto& key : value.keys) {
    if (among(keys.needed, key.name) || among(keys.optional, key.name)) continue;
    state.error(key.position, std::string(what) + " has unknown key " + quoted(key.name));
    good = false;
  }
  for (const auto key : keys.needed) {
    if (value.find(key) != nullptr) continue;
    state.error(value.position, std::string(what) + " misses key " + quoted(key));
    good = false;
  }
  return good;
}

bool read_flag(State& state, const Value& definition, std::string_view key, bool default_value) {
  const Value* value = definition.find(key);
  if (value == nullptr) return default_value;
  // Before flags were true or false, the only one that is true by default was switched off with a word.
  if (state.dialect.legacy && default_value && value->is_string() && value->text == "no") return false;
  if (value->kind != Value::Kind::kBool || value->truth == default_value) {
    state.error(value->position, "flag " + quoted(key) + " may only be " + (default_value ? "false" : "true"));
    return default_value;
  }
  return value->truth;
}

std::vector<Feature> read_features(State& state, const Value& definition) {
  std::vector<Feature> features;
  const Value* list = definition.is_object() ? definition.find("features") : nullptr;
  if (list == nullptr) return features;
  if (!list->is_list()) {
    state.error(list->position, "'features' must be a list");
    return features;
  }
  DistinctNames names(state, "feature");
  for (const auto& item : list->items) {
    if (item.is_object() && !check_keys(state, item, "feature", {{"name"}, {"if"}})) continue;
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): check_keys has asked for it
    const Value& name = item.is_object() ? *item.find("name") : item;
    if (!name.is_string()) {
      state.error(item.position, "a feature must be a string or an object");
      continue;
    }
    if (!check_name(state, item.position, name.text, "feature", {})) continue;
    names.add(name.text, item.position);
    features.push_back({name.text, item.position, read_condition(state, item)});
  }
  return features;
}

std::vector<Member> read_members(State& state, const Value& members, std::string_view definition) {
  std::vector<Member> result;
  if (!members.is_object()) {
    state.error(members.position, "members of " + quoted(definition) + " must be an object");
    return result;
  }
  const bool exception = state.loaded.pragmas.member_name_exceptions.contains(definition);
  DistinctNames names(state, "member");
  for (std::size_t index = 0; index < members.keys.size(); ++index) {
    Member member;
    member.name = members.keys[index].name;
    member.position = members.keys[index].position;
    member.optional = member.name.starts_with('*');
    if (member.optional) member.name.erase(0, 1);
    check_name(state, member.position, member.name, "member", {NameRule::Style::kLower, exception, exception});
    if (reserved_member(member.name))
      state.error(member.position, "member name " + quoted(member.name) + " is reserved");
    names.add(member.name, member.position);
    if (!read_member(state, member, members.items[index], "member", {{"type"}, {"if", "features"}})) continue;
    result.push_back(std::move(member));
  }
  return result;
}

std::vector<Member> read_alternatives(State& state, const Value& data, std::string_view definition) {
  std::vector<Member> result;
  if (!data.is_object()) {
    state.error(data.position, "branches of " + quoted(definition) + " must be an object");
    return result;
  }
  if (data.keys.empty()) state.error(data.position, "alternate " + quoted(definition) + " has no branches");
  DistinctNames names(state, "branch");
  for (std::size_t index = 0; index < data.keys.size(); ++index) {
    Member branch;
    branch.name = data.keys[index].name;
    branch.position = data.keys[index].position;
    if (branch.name.starts_with('*')) {
      state.error(branch.position, "branch " + quoted(branch.name.erase(0, 1)) + " cannot be optional");
    }
    check_name(state, branch.position, branch.name, "branch", {});
    names.add(branch.name, branch.position);
    if (!read_member(state, branch, data.items[index], "branch", {{"type"}, {"if"}})) continue;
    result.push_back(std::move(branch));
  }
  return result;
}

std::optional<TypeUse> read_type(State& state, const Value& value) {
  const Value* name = &value;
  if (value.is_list()) {
    if (value.items.size() != 1 || !value.items.front().is_string()) {
      state.error(value.position, "a list type holds the name of one type");
      return std::nullopt;
    }
    name = &value.items.front();
  }
  if (!name->is_string()) {
    state.error(value.position, "expected the name of a type");
    return std::nullopt;
  }
  const Type* type = find_type(state, *name);
  if (type == nullptr) return std::nullopt;
  return TypeUse{type, value.is_list()};
}

}  // namespace guestd::schema::checking
