// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/checker_state.hpp"

namespace guestd::schema::checking {
namespace {

EnumType read_enum(State& state, const Value& definition, const Type& type) {
  EnumType result;
  if (!check_keys(state, definition, "enum", {{"enum", "data"}, {"prefix", "if", "features"}})) return result;
  if (const Value* prefix = definition.find("prefix")) {
    if (!prefix->is_string()) state.error(prefix->position, "'prefix' must be a string");
    result.prefix = prefix->text;
  }
  const Value& values = *definition.find("data");
  if (!values.is_list()) {
    state.error(values.position, "values of " + quoted(type.name) + " must be a list");
    return result;
  }
  const bool exception = state.loaded.pragmas.member_name_exceptions.contains(type.name);
  DistinctNames names(state, "enum value");
  for (const auto& item : values.items) {
    if (item.is_object() && !check_keys(state, item, "enum value", {{"name"}, {"if", "features"}})) continue;
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): check_keys has asked for it
    const Value& name = item.is_object() ? *item.find("name") : item;
    if (!name.is_string()) {
      state.error(item.position, "an enum value must be a string or an object");
      continue;
    }
    check_name(state, item.position, name.text, "enum value", {NameRule::Style::kEnumValue, exception, exception});
    names.add(name.text, item.position);
    result.values.push_back({name.text, item.position, read_features(state, item), read_condition(state, item)});
  }
  return result;
}

ObjectType read_struct(State& state, const Value& definition, const Type& type, std::string_view kind) {
  ObjectType result;
  if (!check_keys(state, definition, kind, {{kind, "data"}, {"base", "if", "features"}})) return result;
  if (const Value* base = definition.find("base")) result.base = read_base(state, *base);
  result.members = read_members(state, *definition.find("data"), type.name);
  return result;
}

AlternateType read_alternate(State& state, const Value& definition, const Type& type) {
  AlternateType result;
  if (!check_keys(state, definition, "alternate", {{"alternate", "data"}, {"if", "features"}})) return result;
  result.branches = read_alternatives(state, *definition.find("data"), type.name);
  return result;
}

/// `deprecated` and `unstable` tell clients what to expect of something that they use by name; types have no name on
/// the wire.
void refuse_special_features(State& state, const Type& type) {
  if (state.dialect.legacy) return;
  for (const auto& feature : type.features) {
    if (feature.name != "deprecated" && feature.name != "unstable") continue;
    state.error(feature.position, "feature " + quoted(feature.name) + " is not for types");
  }
}

}  // namespace

const Type* read_base(State& state, const Value& value) {
  if (!value.is_string()) {
    state.error(value.position, "'base' must be the name of a struct");
    return nullptr;
  }
  const auto use = read_type(state, value);
  return use ? use->type : nullptr;
}

void fill_type(State& state, const Definition& definition) {
  const Value& value = *definition.value;
  Type& type = *definition.type;
  type.features = read_features(state, value);
  refuse_special_features(state, type);
  type.condition = read_condition(state, value);
  if (definition.kind == "enum") {
    type.shape = read_enum(state, value, type);
  } else if (definition.kind == "union") {
    type.shape = read_union(state, value, type);
  } else if (definition.kind == "alternate") {
    type.shape = read_alternate(state, value, type);
  } else {
    type.shape = read_struct(state, value, type, definition.kind);
  }
}

}  // namespace guestd::schema::checking
