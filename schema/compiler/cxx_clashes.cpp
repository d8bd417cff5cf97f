// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>

#include "schema/compiler/cxx_plan.hpp"
#include "schema/compiler/names.hpp"

namespace guestd::schema::cxx {
namespace {

/// Reports names that differ on the wire but not in C++, which knows fewer of them.
class Clashes {
 public:
  Clashes(Diagnostics& diagnostics, std::string_view what) : diagnostics_(diagnostics), what_(what) {}

  void add(const std::string& cxx_name, const std::string& name, Position position) {
    const auto [entry, fresh] = taken_.emplace(cxx_name, name);
    if (fresh) return;
    diagnostics_.error(position, std::string(what_) + " '" + name + "' clashes with '" + entry->second + "' in C++");
  }

 private:
  Diagnostics& diagnostics_;
  std::string_view what_;
  std::map<std::string, std::string> taken_;
};

void check_type(const Type& type, Diagnostics& diagnostics) {
  if (const auto* enumeration = type.enumeration()) {
    Clashes values(diagnostics, "enum value");
    for (const auto& value : enumeration->values) values.add(names::enumerator(value.name), value.name, value.position);
  }
  if (const auto* object = type.object()) {
    Clashes members(diagnostics, "member");
    for (const auto* member : all_members(*object))
      members.add(names::member(member->name), member->name, type.position);
    for (const auto& branch : object->branches) {
      if (!branch.type->is_union()) continue;
      diagnostics.error(branch.position, "branch '" + branch.name + "' holds a union, which C++ cannot express yet");
    }
  }
}

}  // namespace

void check_clashes(const Schema& schema, Diagnostics& diagnostics) {
  for (const auto& type : schema.types) {
    if (type->unresolved) diagnostics.error(type->position, "C++ needs the definition of type '" + type->name + "'");
    check_type(*type, diagnostics);
  }
  Clashes commands(diagnostics, "command");
  for (const auto& command : schema.commands) {
    commands.add(names::command_function(command->name), command->name, command->position);
  }
}

}  // namespace guestd::schema::cxx
