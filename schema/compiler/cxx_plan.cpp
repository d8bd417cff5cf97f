// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/cxx_plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "schema/compiler/names.hpp"

namespace guestd::schema::cxx {
namespace {

void check_directions(const Plan& plan, Diagnostics& diagnostics) {
  std::set<const Type*> results;
  for (const auto& command : plan.schema.commands) {
    if (command->returns) add_reachable(command->returns->type, results);
  }
  for (const auto& event : plan.schema.events) add_reachable(event->data, results);
  for (const Type* type : results) {
    if (plan.arguments.contains(type) && plan.streaming.contains(type)) {
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
    if (plan.client() || plan.arguments.contains(type.get())) continue;
    for (const auto& branch : type->object()->branches) {
      if (plan.streaming.contains(branch.type)) {
        diagnostics.error(branch.position, "branch '" + branch.name + "' holds base64, which a result cannot");
      }
    }
  }
}

void check_at_once(const Plan& plan, Diagnostics& diagnostics) {
  for (const auto& command : plan.schema.commands) {
    if (is_at_once(*command) && !command->returns) {
      diagnostics.error(command->position,
                        "command '" + command->name + "' with feature 'at-once' must return something");
    }
  }
}

void check_waiting(const Plan& plan, Diagnostics& diagnostics) {
  for (const auto& command : plan.schema.commands) {
    if (is_waiting(*command) && (!command->returns || command->coroutine || is_at_once(*command))) {
      diagnostics.error(command->position, "command '" + command->name +
                                               "' with feature 'waits' must return something, and be neither a "
                                               "coroutine nor 'at-once'");
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
                                                                                  {"any", "protocol::RawJson"}}};
  const auto found = std::find_if(kNames.begin(), kNames.end(), [&](const auto& entry) { return entry.first == name; });
  return found == kNames.end() ? std::string(name) : std::string(found->second);
}

/// What is reachable from commands and events, by direction.
void plan_directions(Plan& plan) {
  for (const auto& command : plan.schema.commands) {
    const Type* returns = command->returns ? command->returns->type : nullptr;
    add_reachable(command->arguments, plan.arguments);
    if (!plan.client() && !command->gen) continue;
    add_reachable(command->arguments, plan.client() ? plan.encoded : plan.decoded);
    if (plan.client() || !is_constant(*command)) add_reachable(returns, plan.client() ? plan.decoded : plan.encoded);
  }
  for (const auto& event : plan.schema.events) {
    add_reachable(event->data, plan.client() ? plan.decoded : plan.encoded);
  }
}

void plan_streaming(Plan& plan) {
  for (const auto& type : plan.schema.types) {
    std::set<const Type*> reached;
    add_reachable(type.get(), reached);
    if (std::any_of(reached.begin(), reached.end(), [](const Type* each) { return has_base64(*each); })) {
      plan.streaming.insert(type.get());
    }
  }
}

/// Types that have no name in the schema are there with what they belong to.
void inherit(Plan& plan, const Type* type, const Condition& condition) {
  if (type == nullptr || !(type->implicit || type->name.empty()) || !always(type->condition)) return;
  const auto [known, is_new] = plan.existence.emplace(type, condition);
  if (!is_new) known->second = either(known->second, condition);
}

void plan_existence(Plan& plan) {
  for (const auto& command : plan.schema.commands) inherit(plan, command->arguments, command->condition);
  for (const auto& event : plan.schema.events) inherit(plan, event->data, event->condition);
  for (const auto& type : plan.schema.types) {
    if (!has_branches(*type)) continue;
    for (const auto& choice : choices(*type->object())) {
      if (choice.branch != nullptr) inherit(plan, choice.branch->type, both(type->condition, choice.condition));
    }
  }
  for (const auto& type : plan.schema.types) plan.existence.emplace(type.get(), type->condition);
}

}  // namespace

Plan make_plan(const Schema& schema, std::string_view name_space, CxxRole role, Diagnostics& diagnostics) {
  Plan plan{schema, std::string(name_space), role};
  plan_names(plan);
  plan_order(plan);
  plan_directions(plan);
  plan_existence(plan);
  if (!plan.client()) plan_streaming(plan);
  check_directions(plan, diagnostics);
  check_base64(plan, diagnostics);
  check_at_once(plan, diagnostics);
  check_waiting(plan, diagnostics);
  check_constants(plan, diagnostics);
  return plan;
}

bool is_raw(const Type& type) {
  return type.unresolved || (type.builtin() != nullptr && type.builtin()->json == BuiltinType::Json::kAny);
}

bool is_generated(const Type& type) { return type.builtin() == nullptr && !type.unresolved; }

bool is_base64(const Member& member) { return has_feature(member.features, "base64"); }

bool is_constant(const Command& command) { return has_feature(command.features, "constant"); }

bool has_base64(const Type& type) {
  if (type.object() == nullptr) return false;
  const auto members = all_members(*type.object());
  return std::any_of(members.begin(), members.end(), [](const Member* member) { return is_base64(*member); });
}

const Type& discriminator_type(const ObjectType& object) {
  return *find_member(object, object.discriminator)->use.type;
}

bool has_branches(const Type& type) {
  return type.is_union() && find_member(*type.object(), type.object()->discriminator) != nullptr &&
         discriminator_type(*type.object()).enumeration() != nullptr;
}

std::vector<Choice> choices(const ObjectType& object) {
  std::vector<Choice> result;
  for (const auto& value : discriminator_type(object).enumeration()->values) {
    const auto* branch = find_branch(object, value.name);
    result.push_back({&value, branch, branch != nullptr ? both(value.condition, branch->condition) : value.condition});
  }
  return result;
}

std::string spell(const Plan& plan, const TypeUse& use) {
  std::string name;
  if (is_raw(*use.type)) {
    name = "protocol::RawJson";
  } else {
    name = use.type->builtin() != nullptr ? builtin_name(use.type->name) : plan.name(*use.type);
  }
  return use.list ? "std::vector<" + name + ">" : name;
}

std::string spell_value(const Plan& plan, const Type& owner, const Member& member) {
  if (is_base64(member)) {
    if (plan.client()) return "std::string";
    return plan.arguments.contains(&owner) ? "protocol::Base64Text" : "protocol::ByteStream";
  }
  if (!is_boxed(plan, owner, member.use)) return spell(plan, member.use);
  const auto boxed = "protocol::Boxed<" + plan.name(*member.use.type) + ">";
  return member.use.list ? "std::vector<" + boxed + ">" : boxed;
}

std::string spell_member(const Plan& plan, const Type& owner, const Member& member) {
  const auto name = spell_value(plan, owner, member);
  return member.optional ? "std::optional<" + name + ">" : name;
}

std::string decode_function(const Plan& plan, const Type& type) { return "decode_" + plan.names.functions.at(&type); }

std::string encode_function(const Plan& plan, const Type& type) { return "encode_" + plan.names.functions.at(&type); }

std::string encode_parameter(const Plan& plan, const Type& type) {
  if (type.enumeration() != nullptr) return plan.name(type) + " value";
  return (plan.streaming.contains(&type) ? "" : "const ") + plan.name(type) + "& value";
}

namespace {

std::string parameters(const Plan& plan, const Command& command) {
  const auto args =
      command.arguments != nullptr ? ", const " + plan.names.arguments.at(&command) + "& args" : std::string();
  return "(::guestd::commands::Context& context" + args + ")";
}

}  // namespace

std::string handler(const Plan& plan, const Command& command) {
  return "Result<" + plan.names.results.at(&command) + "> " + plan.names.handlers.at(&command) +
         parameters(plan, command);
}

std::string handler_at_once(const Plan& plan, const Command& command) {
  return "std::optional<" + plan.names.results.at(&command) + "> " + plan.names.handlers.at(&command) + "_at_once" +
         parameters(plan, command);
}

bool is_at_once(const Command& command) { return has_feature(command.features, "at-once"); }

std::string handler_waiting(const Plan& plan, const Command& command) {
  std::string list = parameters(plan, command);
  list.insert(list.rfind(')'), ", protocol::Waiting& waiting");
  return "Result<std::optional<" + plan.names.results.at(&command) + ">> " + plan.names.handlers.at(&command) + list;
}

bool is_waiting(const Command& command) { return has_feature(command.features, "waits"); }

void write_variant(CodeWriter& code, std::string_view before, std::vector<Alternative> list, std::string_view after) {
  if (list.empty() || !always(list.front().condition)) list.insert(list.begin(), {"std::monostate", {}});
  const bool plain =
      std::all_of(list.begin(), list.end(), [](const Alternative& each) { return always(each.condition); });
  if (plain) {
    std::string text;
    for (const auto& each : list) text += (text.empty() ? "" : ", ") + each.spelling;
    return code.line({before, "std::variant<", text, ">", after});
  }
  code.open({before, "std::variant<"});
  for (const auto& each : list) {
    const Under under(code, each.condition);
    code.line({&each == &list.front() ? "" : ", ", each.spelling});
  }
  code.close(">" + std::string(after));
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
  if (plan.name_space == "guestd" || plan.name_space.starts_with("guestd::")) return;
  code.line("namespace protocol = ::guestd::protocol;");
  code.line("using ::guestd::Error;");
  code.line("using ::guestd::Result;");
  code.blank();
}

void comment(CodeWriter& code, const std::optional<DocComment>& doc) {
  if (!doc) return;
  const auto* text = doc->section(DocComment::Section::Kind::kText);
  if (text == nullptr) return;
  auto rest = std::string_view(text->text).substr(0, text->text.find("\n\n"));
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    auto line = rest.substr(0, end);
    while (line.ends_with('\\') || line.ends_with(' ')) line.remove_suffix(1);  // it would continue the comment
    code.line({"/// ", line});
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
}

void close_namespace(CodeWriter& code, const Plan& plan) {
  code.blank();
  code.line({"}  // namespace ", plan.name_space});
}

}  // namespace guestd::schema::cxx
