// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "schema/compiler/cxx_plan.hpp"
#include "schema/compiler/names.hpp"

namespace guestd::schema::cxx {
namespace {

/// What generated code itself says in its namespace.
constexpr std::array<std::string_view, 12> kOwnNames{"Error",    "Event",        "Result",       "calls",
                                                     "commands", "decode_event", "encode_event", "guestd",
                                                     "protocol", "std",          "to_string",    "Context"};

class NameGiver {
 public:
  explicit NameGiver(Plan& plan) : plan_(plan) {
    for (const auto name : kOwnNames) top_.take(std::string(name));
  }

  void run() {
    for (const auto& type : plan_.schema.types) {
      if (type->name.empty() || !is_generated(*type)) continue;
      name_type(*type, type->implicit ? names::implicit_type(type->name) : names::type(type->name));
    }
    for (const auto& command : plan_.schema.commands) name_command(*command);
    for (const auto& event : plan_.schema.events) name_event(*event);
    for (const auto& type : plan_.schema.types) name_inside(*type);
  }

 private:
  std::string take_type(const std::string& wanted) {
    auto name = top_.take(wanted);
    type_names_.insert(name);
    return name;
  }

  void name_type(const Type& type, const std::string& wanted) {
    const auto name = take_type(wanted);
    names_.types[&type] = name;
    names_.functions[&type] = functions_.take(names::type_function(name));
  }

  /// The name of what belongs to a command or event: its type's own where the type has no other.
  std::string name_part(const Type* type, const std::string& wanted) {
    if (type != nullptr && type->name.empty() && !names_.types.contains(type)) {
      name_type(*type, wanted);
      return names_.types.at(type);
    }
    if (type != nullptr && names_.types.contains(type) && names_.types.at(type) == wanted) return wanted;
    return take_type(wanted);
  }

  void name_command(const Command& command) {
    const auto stem = names::command_stem(command.name);
    names_.calls[&command] = calls_.take(stem);
    if (command.arguments != nullptr) names_.arguments[&command] = name_part(command.arguments, stem + "Args");
    const bool plain = command.returns && !command.returns->list;
    names_.results[&command] = name_part(plain ? command.returns->type : nullptr, stem + "Result");
    names_.handlers[&command] = top_.take(names::command_function(command.name));
  }

  void name_event(const Event& event) {
    const auto stem = names::event_stem(event.name);
    names_.events[&event] = take_type(stem + "Event");
    if (event.data != nullptr && event.data->name.empty()) name_part(event.data, stem + "Data");
  }

  void name_inside(const Type& type) {
    if (const auto* enumeration = type.enumeration()) {
      names::Scope scope;
      for (const auto& value : enumeration->values) {
        names_.values[&value] = scope.take(names::enumerator(value.name));
      }
    }
    if (type.object() != nullptr) name_members(type);
  }

  /// Bases first, so that a member has the same name in all that inherit it.
  void name_members(const Type& type) {
    if (done_.contains(&type)) return;
    done_.insert(&type);
    const ObjectType& object = *type.object();
    if (object.base != nullptr && object.base->object() != nullptr) name_members(*object.base);
    names::Scope scope;
    std::vector<const Member*> own;
    for (const Member* member : all_members(object)) {
      if (names_.members.contains(member)) {
        scope.take(names_.members.at(member));
      } else {
        own.push_back(member);
      }
    }
    for (const Member* member : own) {
      auto name = scope.take(names::member(member->name));
      // A member may not bear the name of a type that the struct uses.
      while (type_names_.contains(name)) name = scope.take(name);
      names_.members[member] = name;
    }
    names_.branches[&type] = scope.take("branch");
    names_.completes[&type] = scope.take("complete");
  }

  Plan& plan_;
  Names& names_ = plan_.names;
  names::Scope top_;
  std::set<std::string> type_names_;
  names::Scope functions_;
  names::Scope calls_;
  std::set<const Type*> done_;
};

}  // namespace

void plan_names(Plan& plan) { NameGiver(plan).run(); }

}  // namespace guestd::schema::cxx
