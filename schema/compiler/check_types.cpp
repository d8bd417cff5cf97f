// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "schema/compiler/checker_state.hpp"

namespace guestd::schema::checking {
namespace {

EnumType read_enum(State& state, const Value& definition, const Type& type) {
  EnumType result;
  if (!check_keys(state, definition, "enum", {"enum", "data"}, {"prefix", "features"})) return result;
  const Value& values = *definition.find("data");
  if (!values.is_list()) {
    state.error(values.position, "values of " + quoted(type.name) + " must be a list");
    return result;
  }
  const bool any_case = contains(state.loaded.pragmas.member_name_exceptions, type.name);
  for (const auto& item : values.items) {
    if (item.is_object() && !check_keys(state, item, "enum value", {"name"}, {"features"})) continue;
    const Value& name = item.is_object() ? *item.find("name") : item;
    if (!name.is_string()) {
      state.error(item.position, "an enum value must be a string or an object");
      continue;
    }
    if (!check_name(state, item.position, name.text, "enum value", NameStyle::kEnumValue, any_case)) continue;
    const bool twice = std::any_of(result.values.begin(), result.values.end(),
                                   [&](const EnumType::Value& value) { return value.name == name.text; });
    if (twice) state.error(item.position, "enum value " + quoted(name.text) + " stands here twice");
    result.values.push_back({name.text, item.position, read_features(state, item)});
  }
  return result;
}

const Type* read_base(State& state, const Value& value) {
  if (!value.is_string()) {
    state.error(value.position, "'base' must be the name of a struct");
    return nullptr;
  }
  const auto use = read_type(state, value);
  return use ? use->type : nullptr;
}

ObjectType read_struct(State& state, const Value& definition, const Type& type) {
  ObjectType result;
  if (!check_keys(state, definition, "struct", {"struct", "data"}, {"base", "features"})) return result;
  if (const Value* base = definition.find("base")) result.base = read_base(state, *base);
  result.members = read_members(state, *definition.find("data"), type.name);
  return result;
}

std::vector<ObjectType::Branch> read_branches(State& state, const Value& data, const Type& type) {
  std::vector<ObjectType::Branch> branches;
  if (!data.is_object()) {
    state.error(data.position, "branches of " + quoted(type.name) + " must be an object");
    return branches;
  }
  if (data.keys.empty()) state.error(data.position, "union " + quoted(type.name) + " has no branches");
  for (std::size_t index = 0; index < data.keys.size(); ++index) {
    const auto& [name, position] = data.keys[index];
    const Value* item = &data.items[index];
    if (item->is_object()) {
      if (!check_keys(state, *item, "branch " + quoted(name), {"type"}, {})) continue;
      item = item->find("type");
    }
    const auto use = read_type(state, *item);
    if (use && use->list) state.error(position, "branch " + quoted(name) + " cannot be a list");
    if (use) branches.push_back({name, position, use->type});
  }
  return branches;
}

ObjectType read_union(State& state, const Value& definition, const Type& type) {
  ObjectType result;
  if (!check_keys(state, definition, "union", {"union", "base", "discriminator", "data"}, {"features"})) return result;
  const Value& base = *definition.find("base");
  if (base.is_object()) {
    result.members = read_members(state, base, type.name);
  } else {
    result.base = read_base(state, base);
  }
  const Value& discriminator = *definition.find("discriminator");
  if (!discriminator.is_string()) {
    state.error(discriminator.position, "'discriminator' must be a string");
  } else {
    result.discriminator = discriminator.text;
  }
  result.branches = read_branches(state, *definition.find("data"), type);
  return result;
}

AlternateType read_alternate(State& state, const Value& definition, const Type& type) {
  AlternateType result;
  if (!check_keys(state, definition, "alternate", {"alternate", "data"}, {"features"})) return result;
  result.branches = read_members(state, *definition.find("data"), type.name);
  if (result.branches.empty()) state.error(definition.position, "alternate " + quoted(type.name) + " has no branches");
  for (const auto& branch : result.branches) {
    if (branch.optional) state.error(branch.position, "branch " + quoted(branch.name) + " cannot be optional");
  }
  return result;
}

}  // namespace

void fill_type(State& state, const Definition& definition) {
  const Value& value = *definition.value;
  Type& type = *definition.type;
  type.features = read_features(state, value);
  if (definition.kind == "enum") {
    type.shape = read_enum(state, value, type);
  } else if (definition.kind == "struct") {
    type.shape = read_struct(state, value, type);
  } else if (definition.kind == "union") {
    type.shape = read_union(state, value, type);
  } else {
    type.shape = read_alternate(state, value, type);
  }
}

}  // namespace guestd::schema::checking
