// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/model.hpp"

#include <algorithm>

namespace guestd::schema {

const Type* Schema::find_type(std::string_view name) const {
  if (name.empty()) return nullptr;  // unnamed arguments are found through their command only
  const auto found = std::find_if(types.begin(), types.end(), [&](const auto& type) { return type->name == name; });
  return found == types.end() ? nullptr : found->get();
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
  if (object.base != nullptr) members = all_members(*object.base->object());
  for (const auto& member : object.members) members.push_back(&member);
  return members;
}

const ObjectType::Branch* find_branch(const ObjectType& object, std::string_view value) {
  const auto found = std::find_if(object.branches.begin(), object.branches.end(),
                                  [&](const ObjectType::Branch& branch) { return branch.name == value; });
  return found == object.branches.end() ? nullptr : &*found;
}

}  // namespace guestd::schema
