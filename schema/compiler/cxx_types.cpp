// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "schema/compiler/cxx_plan.hpp"

namespace guestd::schema::cxx {
namespace {

constexpr std::size_t kByteValues = 256;

void enumeration(CodeWriter& code, const Plan& plan, const Type& type) {
  const auto& name = plan.name(type);
  const auto& values = type.enumeration()->values;
  code.open({"enum class ", name, " : ", values.size() > kByteValues ? "std::uint16_t" : "std::uint8_t", " {"});
  for (const auto& value : values) {
    const Under under(code, value.condition);
    code.line({plan.name(value), ","});
  }
  code.close("};");
  code.line({"std::string_view to_string(", name, " value);"});
  code.line({"/// nullopt: no value has this name."});
  code.line({"std::optional<", name, "> parse_", plan.names.functions.at(&type), "(std::string_view text);"});
}

/// The alternatives of a union: each struct once, and std::monostate if a value of the discriminator has no members.
std::vector<Alternative> branch_alternatives(const Plan& plan, const ObjectType& object) {
  std::vector<Alternative> list;
  bool all = true;
  for (const auto& choice : choices(object)) {
    all = all && choice.branch != nullptr;
    if (choice.branch == nullptr) continue;
    const auto spelling = spell(plan, {choice.branch->type, false});
    const auto same =
        std::find_if(list.begin(), list.end(), [&](const auto& each) { return each.spelling == spelling; });
    if (same == list.end()) {
      list.push_back({spelling, choice.condition});
    } else {
      same->condition = either(same->condition, choice.condition);
    }
  }
  if (!all) list.insert(list.begin(), {"std::monostate", {}});
  return list;
}

void object(CodeWriter& code, const Plan& plan, const Type& type) {
  const auto& name = plan.name(type);
  code.open({"struct ", name, " {"});
  for (const Member* member : all_members(*type.object())) {
    const Under under(code, member->condition);
    code.line({spell_member(plan, type, *member), " ", plan.name(*member), "{};"});
  }
  if (has_branches(type)) {
    write_variant(code, "", branch_alternatives(plan, *type.object()), " " + plan.names.branches.at(&type) + "{};");
  }
  if (!plan.client() && has_base64(type) && !plan.arguments.contains(&type)) {
    code.line("/// Called once after the last piece of a streamed member, to fill in what is known only then.");
    code.line({"std::function<void(", name, "&)> ", plan.names.completes.at(&type), "{};"});
  }
  code.close("};");
}

void alternate(CodeWriter& code, const Plan& plan, const Type& type) {
  std::vector<Alternative> list;
  for (const auto& branch : type.alternate()->branches) {
    list.push_back({spell_value(plan, type, branch), branch.condition});
  }
  write_variant(code, "using " + plan.name(type) + " = ", std::move(list), ";");
}

void alias(CodeWriter& code, const std::string& name, const std::string& spelling) {
  if (name != spelling) code.line({"using ", name, " = ", spelling, ";"});
}

std::string result_type(const Plan& plan, const Command& command) {
  if (is_constant(command) && !plan.client()) return "protocol::ConstantList";
  return command.returns ? spell(plan, *command.returns) : "void";
}

void aliases(CodeWriter& code, const Plan& plan) {
  for (const auto& command : plan.schema.commands) {
    code.line({"// ", command->name});
    const Under under(code, command->condition);
    if (command->arguments != nullptr) {
      alias(code, plan.names.arguments.at(command.get()), spell(plan, {command->arguments, false}));
    }
    alias(code, plan.names.results.at(command.get()), result_type(plan, *command));
  }
}

/// Types that hold each other are declared before all others.
void declarations(CodeWriter& code, const Plan& plan) {
  bool any = false;
  for (const Type* type : plan.order) {
    if (type->object() == nullptr || !plan.cycles.contains(type)) continue;
    const Under under(code, plan.existence.at(type));
    code.line({"struct ", plan.name(*type), ";"});
    any = true;
  }
  if (any) code.blank();
}

void definition(CodeWriter& code, const Plan& plan, const Type& type) {
  const Under under(code, plan.existence.at(&type));
  comment(code, type.doc);
  if (type.enumeration() != nullptr) enumeration(code, plan, type);
  if (type.object() != nullptr) object(code, plan, type);
  if (type.alternate() != nullptr) alternate(code, plan, type);
}

void to_string_function(CodeWriter& code, const Plan& plan, const Type& type) {
  const auto& name = plan.name(type);
  code.open({"std::string_view to_string(", name, " value) {"});
  code.open({"switch (value) {"});
  for (const auto& value : type.enumeration()->values) {
    const Under under(code, value.condition);
    code.line({"case ", name, "::", plan.name(value), ": return ", literal(value.name), ";"});
  }
  code.close();
  code.line("return {};");
  code.close();
}

void parse_function(CodeWriter& code, const Plan& plan, const Type& type) {
  const auto& name = plan.name(type);
  // Unused where no value is left of the enum.
  code.open({"std::optional<", name, "> parse_", plan.names.functions.at(&type),
             "([[maybe_unused]] std::string_view text) {"});
  for (const auto& value : type.enumeration()->values) {
    const Under under(code, value.condition);
    code.line({"if (text == ", literal(value.name), ") return ", name, "::", plan.name(value), ";"});
  }
  code.line("return std::nullopt;");
  code.close();
}

}  // namespace

std::string types_header(const Plan& plan) {
  CodeWriter code;
  prologue(code, true);
  for (const auto* header :
       {"cstddef", "cstdint", "functional", "optional", "string", "string_view", "variant", "vector"}) {
    code.line({"#include <", header, ">"});
  }
  code.blank();
  for (const auto* header : {"protocol/base64.hpp", "protocol/boxed.hpp", "protocol/byte_stream.hpp",
                             "protocol/constant_list.hpp", "protocol/raw_json.hpp"}) {
    code.line({"#include \"", header, "\""});
  }
  code.blank();
  open_namespace(code, plan);
  declarations(code, plan);
  for (const Type* type : plan.order) {
    definition(code, plan, *type);
    code.blank();
  }
  aliases(code, plan);
  close_namespace(code, plan);
  return code.take();
}

std::string types_source(const Plan& plan) {
  CodeWriter code;
  prologue(code, false);
  code.line("#include \"types.hpp\"");
  code.blank();
  open_namespace(code, plan);
  for (const Type* type : plan.order) {
    if (type->enumeration() == nullptr) continue;
    const Under under(code, plan.existence.at(type));
    to_string_function(code, plan, *type);
    code.blank();
    parse_function(code, plan, *type);
    code.blank();
  }
  close_namespace(code, plan);
  return code.take();
}

}  // namespace guestd::schema::cxx
