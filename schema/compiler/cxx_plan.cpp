// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/cxx_plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "schema/compiler/names.hpp"

namespace guestd::schema::cxx {
namespace {

/// The types that a value of this type holds, one step down.
std::vector<const Type*> parts(const Type& type) {
  std::vector<const Type*> result;
  if (const auto* object = type.object()) {
    for (const Member* member : all_members(*object)) result.push_back(member->use.type);
    for (const auto& branch : object->branches) result.push_back(branch.type);
  }
  if (const auto* alternate = type.alternate()) {
    for (const auto& branch : alternate->branches) result.push_back(branch.use.type);
  }
  return result;
}

void add_reachable(const Type* type, std::set<const Type*>& reached) {
  if (type == nullptr || type->builtin() != nullptr || !reached.insert(type).second) return;
  for (const Type* part : parts(*type)) add_reachable(part, reached);
}

class Sorter {
 public:
  Sorter(Plan& plan, Diagnostics& diagnostics) : plan_(plan), diagnostics_(diagnostics) {}

  void visit(const Type* type) {
    if (type->builtin() != nullptr || done_.contains(type)) return;
    if (!open_.insert(type).second) {
      diagnostics_.error(type->position, "type '" + type->name + "' holds itself, which C++ cannot express yet");
      return;
    }
    for (const Type* part : parts(*type)) visit(part);
    open_.erase(type);
    done_.insert(type);
    plan_.order.push_back(type);
  }

 private:
  Plan& plan_;
  Diagnostics& diagnostics_;
  std::set<const Type*> open_;
  std::set<const Type*> done_;
};

void check_directions(const Plan& plan, Diagnostics& diagnostics) {
  std::set<const Type*> results;
  for (const auto& command : plan.schema.commands) {
    if (command->returns) add_reachable(command->returns->type, results);
  }
  for (const Type* type : results) {
    if (plan.arguments.contains(type) && streams(plan, *type)) {
      diagnostics.error(type->position,
                        "type '" + type->name + "' with base64 members is used both in arguments and in results");
    }
  }
}

void check_base64(const Plan& plan, Diagnostics& diagnostics) {
  for (const auto& type : plan.schema.types) {
    if (type->object() == nullptr) continue;
    for (const auto& member : type->object()->members) {
      if (is_base64(member) && (member.use.list || member.use.type->name != "str")) {
        diagnostics.error(member.position, "member '" + member.name + "' with feature 'base64' must be a 'str'");
      }
    }
    for (const auto& branch : type->object()->branches) {
      if (!plan.arguments.contains(type.get()) && streams(plan, *branch.type)) {
        diagnostics.error(branch.position, "branch '" + branch.name + "' holds base64, which a result cannot");
      }
    }
  }
}

void check_constants(const Plan& plan, Diagnostics& diagnostics) {
  for (const auto& command : plan.schema.commands) {
    const bool list = command->returns && command->returns->list;
    if (is_constant(*command) && !list) {
      diagnostics.error(command->position,
                        "command '" + command->name + "' with feature 'constant' must return a list");
    }
  }
}

std::string builtin_name(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kNames{{{"str", "std::string"},
                                                                                  {"number", "double"},
                                                                                  {"int", "std::int64_t"},
                                                                                  {"int8", "std::int8_t"},
                                                                                  {"int16", "std::int16_t"},
                                                                                  {"int32", "std::int32_t"},
                                                                                  {"int64", "std::int64_t"},
                                                                                  {"uint8", "std::uint8_t"},
                                                                                  {"uint16", "std::uint16_t"},
                                                                                  {"uint32", "std::uint32_t"},
                                                                                  {"uint64", "std::uint64_t"},
                                                                                  {"size", "std::uint64_t"},
                                                                                  {"bool", "bool"},
                                                                                  {"null", "std::nullptr_t"},
                                                                                  {"any", "protocol::JsonView"}}};
  const auto found = std::find_if(kNames.begin(), kNames.end(), [&](const auto& entry) { return entry.first == name; });
  return found == kNames.end() ? std::string(name) : std::string(found->second);
}

}  // namespace

Plan make_plan(const Schema& schema, std::string_view name_space, Diagnostics& diagnostics) {
  Plan plan{schema, std::string(name_space), {}, {}, {}, {}, {}};
  for (const auto& type : schema.types) plan.names[type.get()] = type->name;
  for (const auto& command : schema.commands) {
    if (command->arguments != nullptr && command->arguments->name.empty()) {
      plan.names[command->arguments] = names::command_stem(command->name) + "Args";
    }
    add_reachable(command->arguments, plan.arguments);
    if (command->gen) add_reachable(command->arguments, plan.decoded);
    if (command->gen && command->returns && !is_constant(*command)) add_reachable(command->returns->type, plan.encoded);
  }
  Sorter sorter(plan, diagnostics);
  for (const auto& type : schema.types) sorter.visit(type.get());
  if (diagnostics.any()) return plan;  // what follows does not end on types that hold themselves
  check_directions(plan, diagnostics);
  check_base64(plan, diagnostics);
  check_constants(plan, diagnostics);
  return plan;
}

bool is_base64(const Member& member) { return has_feature(member.features, "base64"); }

bool is_constant(const Command& command) { return has_feature(command.features, "constant"); }

bool streams(const Plan& plan, const Type& type) {
  if (const auto* object = type.object()) {
    for (const Member* member : all_members(*object)) {
      if (is_base64(*member)) return true;
    }
  }
  const auto inner = parts(type);
  return std::any_of(inner.begin(), inner.end(), [&](const Type* part) { return streams(plan, *part); });
}

std::string spell(const Plan& plan, const TypeUse& use) {
  auto name = use.type->builtin() != nullptr ? builtin_name(use.type->name) : plan.names.at(use.type);
  return use.list ? "std::vector<" + name + ">" : name;
}

std::string spell_member(const Plan& plan, const Type& owner, const Member& member) {
  std::string name;
  if (is_base64(member)) {
    name = plan.arguments.contains(&owner) ? "protocol::Base64Text" : "protocol::ByteStream";
  } else {
    name = spell(plan, member.use);
  }
  return member.optional ? "std::optional<" + name + ">" : name;
}

std::string result_name(const Command& command) { return names::command_stem(command.name) + "Result"; }

std::string arguments_name(const Command& command) {
  return command.arguments != nullptr ? names::command_stem(command.name) + "Args" : std::string();
}

std::string decode_function(const Plan& plan, const Type& type) {
  return "decode_" + names::type_function(plan.names.at(&type));
}

std::string encode_function(const Plan& plan, const Type& type) {
  return "encode_" + names::type_function(plan.names.at(&type));
}

std::string encode_parameter(const Plan& plan, const Type& type) {
  if (type.enumeration() != nullptr) return plan.names.at(&type) + " value";
  return (streams(plan, type) ? "" : "const ") + plan.names.at(&type) + "& value";
}

std::string handler(const Command& command) {
  auto text = "Result<" + result_name(command) + "> " + names::command_function(command.name) +
              "(guestd::commands::Context& context";
  if (command.arguments != nullptr) text += ", const " + arguments_name(command) + "& args";
  return text + ")";
}

std::string literal(std::string_view text) { return "\"" + std::string(text) + "\""; }

void prologue(CodeWriter& code, bool header) {
  code.line("// SPDX-License-Identifier: Apache-2.0");
  code.line("// Generated by qapi-compiler from the schema. Do not edit.");
  if (header) code.line("#pragma once");
  code.blank();
}

void open_namespace(CodeWriter& code, const Plan& plan) {
  code.line({"namespace ", plan.name_space, " {"});
  code.blank();
}

void close_namespace(CodeWriter& code, const Plan& plan) {
  code.blank();
  code.line({"}  // namespace ", plan.name_space});
}

}  // namespace guestd::schema::cxx
