// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/model.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace guestd::schema {

Type& Schema::add_type(std::string name) {
  Type& type = *types.emplace_back(std::make_unique<Type>());
  type.name = std::move(name);
  if (!type.name.empty()) types_by_name_.emplace(type.name, &type);
  return type;
}

const Type* Schema::find_type(std::string_view name) const {
  const auto found = types_by_name_.find(name);
  return found == types_by_name_.end() ? nullptr : found->second;
}

Counts count_definitions(const Schema& schema) {
  Counts counts;
  counts.commands = schema.commands.size();
  counts.events = schema.events.size();
  for (const auto& type : schema.types) {
    if (type->implicit || type->name.empty()) continue;
    if (type->enumeration() != nullptr) ++counts.enums;
    if (type->alternate() != nullptr) ++counts.alternates;
    if (type->object() != nullptr) ++(type->is_union() ? counts.unions : counts.structs);
  }
  return counts;
}

void name_families(Schema& schema, const Sources& sources) {
  for (const auto& command : schema.commands) {
    command->family = std::filesystem::path(sources.file(command->position.file).path).stem().string();
  }
}

bool has_feature(const std::vector<Feature>& features, std::string_view name) {
  return std::any_of(features.begin(), features.end(), [&](const Feature& feature) { return feature.name == name; });
}

const Member* find_member(const ObjectType& object, std::string_view name) {
  for (const ObjectType* level = &object; level != nullptr;
       level = level->base != nullptr ? level->base->object() : nullptr) {
    const auto found = std::find_if(level->members.begin(), level->members.end(),
                                    [&](const Member& member) { return member.name == name; });
    if (found != level->members.end()) return &*found;
  }
  return nullptr;
}

std::vector<const Member*> all_members(const ObjectType& object) {
  std::vector<const Member*> members;
  const ObjectType* base = object.base != nullptr ? object.base->object() : nullptr;  // none if it is unresolved
  if (base != nullptr) members = all_members(*base);
  for (const auto& member : object.members) members.push_back(&member);
  return members;
}

const ObjectType::Branch* find_branch(const ObjectType& object, std::string_view value) {
  const auto found = std::find_if(object.branches.begin(), object.branches.end(),
                                  [&](const ObjectType::Branch& branch) { return branch.name == value; });
  return found == object.branches.end() ? nullptr : &*found;
}

}  // namespace guestd::schema
