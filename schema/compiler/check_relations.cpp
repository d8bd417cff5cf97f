// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "schema/compiler/checker_state.hpp"
#include "schema/compiler/names.hpp"

namespace guestd::schema::checking {
namespace {

bool base_chain_is_sound(State& state, const Type& type) {
  std::vector<const Type*> seen{&type};
  for (const Type* base = type.object()->base; base != nullptr; base = base->object()->base) {
    if (base->object() == nullptr || base->is_union()) {
      state.error(type.position, "base " + quoted(base->name) + " of " + quoted(type.name) + " is not a struct");
      return false;
    }
    if (std::find(seen.begin(), seen.end(), base) != seen.end()) {
      state.error(type.position, quoted(type.name) + " is its own base");
      return false;
    }
    seen.push_back(base);
  }
  return true;
}

/// Reports members of `added` that map to a C++ name which is taken.
void check_clashes(State& state, std::map<std::string, std::string>& taken, const std::vector<const Member*>& added,
                   Position position, const std::string& where) {
  for (const Member* member : added) {
    const auto [entry, fresh] = taken.emplace(names::member(member->name), member->name);
    if (!fresh)
      state.error(position, where + " member " + quoted(member->name) + " clashes with " + quoted(entry->second));
  }
}

void check_union(State& state, const Type& type, const std::map<std::string, std::string>& taken) {
  const ObjectType& object = *type.object();
  const Member* discriminator = find_member(object, object.discriminator);
  if (discriminator == nullptr) {
    return state.error(type.position, "discriminator " + quoted(object.discriminator) + " is not a member of the base");
  }
  const EnumType* values = discriminator->use.type->enumeration();
  if (values == nullptr || discriminator->use.list || discriminator->optional) {
    return state.error(type.position,
                       "discriminator " + quoted(object.discriminator) + " must be a mandatory member of an enum type");
  }
  for (const auto& branch : object.branches) {
    const bool known = std::any_of(values->values.begin(), values->values.end(),
                                   [&](const EnumType::Value& value) { return value.name == branch.name; });
    if (!known) {
      state.error(branch.position,
                  "branch " + quoted(branch.name) + " is not a value of enum " + quoted(discriminator->use.type->name));
    }
    if (branch.type->object() == nullptr || branch.type->is_union()) {
      state.error(branch.position, "branch " + quoted(branch.name) + " must be a struct");
      continue;
    }
    auto with_branch = taken;
    check_clashes(state, with_branch, all_members(*branch.type->object()), branch.position,
                  "in branch " + quoted(branch.name));
  }
}

void check_object(State& state, const Type& type) {
  std::map<std::string, std::string> taken;
  const Position position = type.position;
  check_clashes(state, taken, all_members(*type.object()), position, "in " + quoted(type.name));
  if (type.is_union()) check_union(state, type, taken);
}

/// The JSON types that a branch of an alternate takes, as letters: a list 'l', an object 'o', a string 's', ...
std::string json_types(const TypeUse& use) {
  if (use.list) return "l";
  if (use.type->enumeration() != nullptr) return "s";
  if (use.type->object() != nullptr) return "o";
  if (use.type->alternate() != nullptr) return "";
  switch (use.type->builtin()->json) {
    case BuiltinType::Json::kString:
      return "s";
    case BuiltinType::Json::kNumber:
    case BuiltinType::Json::kInteger:
      return "n";
    case BuiltinType::Json::kBool:
      return "b";
    case BuiltinType::Json::kNull:
      return "0";
    case BuiltinType::Json::kAny:
      return "";
  }
  return "";
}

void check_alternate(State& state, const Type& type) {
  std::map<std::string, std::string> taken;
  for (const auto& branch : type.alternate()->branches) {
    const auto json = json_types(branch.use);
    if (json.empty()) {
      state.error(branch.position, "branch " + quoted(branch.name) + " cannot be told from others by its JSON type");
      continue;
    }
    const auto [entry, fresh] = taken.emplace(json, branch.name);
    if (!fresh) {
      state.error(branch.position,
                  "branch " + quoted(branch.name) + " has the same JSON type as " + quoted(entry->second));
    }
  }
}

void check_enum(State& state, const Type& type) {
  std::map<std::string, std::string> taken;
  for (const auto& value : type.enumeration()->values) {
    const auto [entry, fresh] = taken.emplace(names::enumerator(value.name), value.name);
    if (!fresh) {
      state.error(value.position, "enum value " + quoted(value.name) + " clashes with " + quoted(entry->second));
    }
  }
}

void check_command(State& state, const Command& command) {
  if (command.arguments != nullptr) {
    const bool object = command.arguments->object() != nullptr;
    if (!object || (command.arguments->is_union() && !command.boxed)) {
      state.error(command.position, "arguments of " + quoted(command.name) + " must be a struct" +
                                        (object ? " unless 'boxed' is set" : ""));
    }
  }
  if (!command.returns || contains(state.loaded.pragmas.command_returns_exceptions, command.name)) return;
  if (command.returns->type->object() == nullptr) {
    state.error(command.position, quoted(command.name) + " must return an object or a list of objects");
  }
}

void check_functions(State& state) {
  std::map<std::string, std::string> taken;
  for (const auto& command : state.schema.commands) {
    const auto [entry, fresh] = taken.emplace(names::command_function(command->name), command->name);
    if (!fresh) {
      state.error(command->position, "command " + quoted(command->name) + " clashes with " + quoted(entry->second));
    }
  }
}

}  // namespace

void check_relations(State& state) {
  bool sound = true;
  for (const auto& type : state.schema.types) {
    if (type->object() != nullptr) sound = base_chain_is_sound(state, *type) && sound;
  }
  if (!sound) return;
  for (const auto& type : state.schema.types) {
    if (type->object() != nullptr) check_object(state, *type);
    if (type->alternate() != nullptr) check_alternate(state, *type);
    if (type->enumeration() != nullptr) check_enum(state, *type);
  }
  for (const auto& command : state.schema.commands) check_command(state, *command);
  check_functions(state);
}

}  // namespace guestd::schema::checking
