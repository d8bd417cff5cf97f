// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "schema/compiler/checker_state.hpp"

namespace guestd::schema::checking {
namespace {

bool among(std::initializer_list<std::string_view> list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

void read_member(State& state, Member member, const Value& value, std::string_view definition,
                 std::vector<Member>& members) {
  const Value* type = &value;
  if (value.is_object()) {
    if (!check_keys(state, value, "member " + quoted(member.name), {"type"}, {"features"})) return;
    member.features = read_features(state, value);
    type = value.find("type");
  }
  const bool any_case = contains(state.loaded.pragmas.member_name_exceptions, definition);
  check_name(state, member.position, member.name, "member", NameStyle::kLower, any_case);
  if (member.name == "u" || member.name.starts_with("has-") || member.name.starts_with("has_")) {
    state.error(member.position, "member name " + quoted(member.name) + " is reserved");
  }
  const auto use = read_type(state, *type);
  if (!use) return;
  member.use = *use;
  members.push_back(std::move(member));
}

}  // namespace

bool check_keys(State& state, const Value& value, std::string_view what, std::initializer_list<std::string_view> needed,
                std::initializer_list<std::string_view> optional) {
  bool good = true;
  for (const auto& key : value.keys) {
    if (among(needed, key.name) || among(optional, key.name)) continue;
    state.error(key.position, std::string(what) + " has unknown key " + quoted(key.name));
    good = false;
  }
  for (const auto key : needed) {
    if (value.find(key) != nullptr) continue;
    state.error(value.position, std::string(what) + " misses key " + quoted(key));
    good = false;
  }
  return good;
}

bool read_flag(State& state, const Value& definition, std::string_view key, bool default_value) {
  const Value* value = definition.find(key);
  if (value == nullptr) return default_value;
  if (value->kind != Value::Kind::kBool || value->truth == default_value) {
    state.error(value->position, "flag " + quoted(key) + " may only be " + (default_value ? "false" : "true"));
    return default_value;
  }
  return value->truth;
}

std::vector<Feature> read_features(State& state, const Value& definition) {
  std::vector<Feature> features;
  const Value* list = definition.find("features");
  if (list == nullptr) return features;
  if (!list->is_list()) {
    state.error(list->position, "'features' must be a list");
    return features;
  }
  for (const auto& item : list->items) {
    if (item.is_object() && !check_keys(state, item, "feature", {"name"}, {})) continue;
    const Value& name = item.is_object() ? *item.find("name") : item;
    if (!name.is_string()) {
      state.error(item.position, "a feature must be a string or an object");
      continue;
    }
    if (!check_name(state, item.position, name.text, "feature", NameStyle::kLower)) continue;
    if (has_feature(features, name.text))
      state.error(item.position, "feature " + quoted(name.text) + " stands here twice");
    features.push_back({name.text, item.position});
  }
  return features;
}

std::vector<Member> read_members(State& state, const Value& members, std::string_view definition) {
  std::vector<Member> result;
  if (!members.is_object()) {
    state.error(members.position, "members of " + quoted(definition) + " must be an object");
    return result;
  }
  for (std::size_t index = 0; index < members.keys.size(); ++index) {
    Member member;
    member.name = members.keys[index].name;
    member.position = members.keys[index].position;
    if (member.name.starts_with('*')) {
      member.optional = true;
      member.name.erase(0, 1);
      if (members.find(member.name) != nullptr) {
        state.error(member.position, "member " + quoted(member.name) + " stands here twice");
      }
    }
    read_member(state, std::move(member), members.items[index], definition, result);
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
  const Type* type = state.schema.find_type(name->text);
  if (type == nullptr) {
    state.error(name->position, "unknown type " + quoted(name->text));
    return std::nullopt;
  }
  return TypeUse{type, value.is_list()};
}

}  // namespace guestd::schema::checking
