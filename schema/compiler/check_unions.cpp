// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "schema/compiler/checker_state.hpp"

namespace guestd::schema::checking {
namespace {

struct NamedUse {
  std::string name;
  Position position;
  TypeUse use;
  Condition condition;
};

/// The branches as they are written, of either form of a union.
std::vector<NamedUse> read_branches(State& state, const Value& data, const Type& type) {
  std::vector<NamedUse> branches;
  if (!data.is_object()) {
    state.error(data.position, "branches of " + quoted(type.name) + " must be an object");
    return branches;
  }
  if (data.keys.empty()) state.error(data.position, "union " + quoted(type.name) + " has no branches");
  for (std::size_t index = 0; index < data.keys.size(); ++index) {
    const auto& [name, position] = data.keys[index];
    const Value* item = &data.items[index];
    if (name.starts_with('*')) {
      state.error(position, "branch " + quoted(name.substr(1)) + " cannot be optional");
      continue;
    }
    if (item->is_object() && !check_keys(state, *item, "branch " + quoted(name), {{"type"}, {"if"}})) continue;
    auto condition = read_condition(state, *item);
    if (item->is_object()) item = item->find("type");
    if (const auto use = read_type(state, *item)) branches.push_back({name, position, *use, std::move(condition)});
  }
  return branches;
}

ObjectType read_flat(State& state, const Value& definition, const Type& type) {
  ObjectType result;
  const Value& base = *definition.find("base");
  if (base.is_object()) {
    result.members = read_members(state, base, type.name);
  } else {
    result.base = read_base(state, base);
  }
  const Value& discriminator = *definition.find("discriminator");
  if (!discriminator.is_string()) {
    state.error(discriminator.position, "'discriminator' must be a string");
  } else if (discriminator.text.empty()) {
    state.error(discriminator.position, "'discriminator' is empty");
  } else {
    result.discriminator = discriminator.text;
  }
  for (auto& [name, position, use, condition] : read_branches(state, *definition.find("data"), type)) {
    if (use.list) state.error(position, "branch " + quoted(name) + " cannot be a list");
    result.branches.push_back({name, position, use.type, std::move(condition)});
  }
  return result;
}

/// The implicit struct around the content of a branch; all branches of all unions with this content share it.
const Type* wrapper(State& state, const TypeUse& use, Position position) {
  const auto name = "q_obj_" + use.type->name + (use.list ? "List" : "") + "-wrapper";
  if (const Type* known = state.schema.find_type(name)) return known;
  Type& type = state.schema.add_type(name);
  type.position = position;
  type.implicit = true;
  ObjectType object;
  object.members.push_back({"data", position, use, false, {}, {}});
  type.shape = std::move(object);
  return &type;
}

/// The older form: the discriminator `type` is an implicit enum of the branches, each of which is wrapped.
ObjectType read_simple(State& state, const Value& definition, const Type& type) {
  ObjectType result;
  result.simple = true;
  result.discriminator = "type";
  EnumType kinds;
  DistinctNames names(state, "branch");
  for (auto& [name, position, use, condition] : read_branches(state, *definition.find("data"), type)) {
    check_name(state, position, name, "branch", {NameRule::Style::kEnumValue});
    names.add(name, position);
    kinds.values.push_back({name, position, {}, condition});
    result.branches.push_back({name, position, wrapper(state, use, position), std::move(condition)});
  }
  const auto kind_name = type.name + "Kind";
  if (const Type* taken = state.schema.find_type(kind_name)) {
    state.error(type.position,
                "the implicit enum of union " + quoted(type.name) + " clashes with " + quoted(taken->name));
    return result;
  }
  Type& kind = state.schema.add_type(kind_name);
  kind.position = type.position;
  kind.implicit = true;
  kind.condition = type.condition;
  kind.shape = std::move(kinds);
  result.members.push_back({"type", type.position, {&kind, false}, false, {}, {}});
  return result;
}

}  // namespace

ObjectType read_union(State& state, const Value& definition, const Type& type) {
  const bool simple =
      state.dialect.legacy && definition.find("discriminator") == nullptr && definition.find("base") == nullptr;
  if (simple) {
    if (!check_keys(state, definition, "union", {{"union", "data"}, {"if", "features"}})) return {};
    return read_simple(state, definition, type);
  }
  if (!check_keys(state, definition, "union", {{"union", "base", "discriminator", "data"}, {"if", "features"}})) {
    return {};
  }
  return read_flat(state, definition, type);
}

}  // namespace guestd::schema::checking
