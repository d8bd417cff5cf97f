// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "schema/compiler/cxx_plan.hpp"
#include "schema/compiler/names.hpp"

namespace guestd::schema::cxx {
namespace {

void comment(CodeWriter& code, const std::optional<DocComment>& doc) {
  if (!doc) return;
  const auto* text = doc->section(DocComment::Section::Kind::kText);
  if (text == nullptr) return;
  auto rest = std::string_view(text->text).substr(0, text->text.find("\n\n"));
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    code.line({"/// ", rest.substr(0, end)});
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
}

void enumeration(CodeWriter& code, const Plan& plan, const Type& type) {
  const auto& name = plan.names.at(&type);
  code.open({"enum class ", name, " : std::uint8_t {"});
  for (const auto& value : type.enumeration()->values) code.line({names::enumerator(value.name), ","});
  code.close("};");
  code.line({"std::string_view to_string(", name, " value);"});
  code.line({"/// nullopt: no value has this name."});
  code.line({"std::optional<", name, "> parse_", names::type_function(name), "(std::string_view text);"});
}

/// The alternatives of a union: each struct once, and std::monostate if a value of the discriminator has no members.
std::string branch_variant(const Plan& plan, const ObjectType& object) {
  const auto& values = find_member(object, object.discriminator)->use.type->enumeration()->values;
  const bool all = std::all_of(values.begin(), values.end(), [&](const EnumType::Value& value) {
    return find_branch(object, value.name) != nullptr;
  });
  std::string list = all ? "" : "std::monostate";
  std::vector<const Type*> seen;
  for (const auto& branch : object.branches) {
    if (std::find(seen.begin(), seen.end(), branch.type) != seen.end()) continue;
    seen.push_back(branch.type);
    list += (list.empty() ? "" : ", ") + plan.names.at(branch.type);
  }
  return "std::variant<" + list + ">";
}

void object(CodeWriter& code, const Plan& plan, const Type& type) {
  const auto& name = plan.names.at(&type);
  code.open({"struct ", name, " {"});
  const auto members = all_members(*type.object());
  for (const Member* member : members) {
    code.line({spell_member(plan, type, *member), " ", names::member(member->name), "{};"});
  }
  if (type.is_union()) code.line({branch_variant(plan, *type.object()), " branch{};"});
  const bool bytes =
      std::any_of(members.begin(), members.end(), [](const Member* member) { return is_base64(*member); });
  if (bytes && !plan.arguments.contains(&type)) {
    code.line("/// Called once after the last piece of a streamed member, to fill in what is known only then.");
    code.line({"std::function<void(", name, "&)> complete{};"});
  }
  code.close("};");
}

void alternate(CodeWriter& code, const Plan& plan, const Type& type) {
  std::string list;
  for (const auto& branch : type.alternate()->branches) list += (list.empty() ? "" : ", ") + spell(plan, branch.use);
  code.line({"using ", plan.names.at(&type), " = std::variant<", list, ">;"});
}

std::string result_type(const Plan& plan, const Command& command) {
  if (is_constant(command)) return "protocol::ConstantList";
  return command.returns ? spell(plan, *command.returns) : "void";
}

void aliases(CodeWriter& code, const Plan& plan) {
  for (const auto& command : plan.schema.commands) {
    code.line({"// ", command->name});
    if (command->arguments != nullptr && !command->arguments->name.empty()) {
      code.line({"using ", arguments_name(*command), " = ", plan.names.at(command->arguments), ";"});
    }
    code.line({"using ", result_name(*command), " = ", result_type(plan, *command), ";"});
  }
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
  for (const auto* header :
       {"protocol/base64.hpp", "protocol/byte_stream.hpp", "protocol/constant_list.hpp", "protocol/json_reader.hpp"}) {
    code.line({"#include \"", header, "\""});
  }
  code.blank();
  open_namespace(code, plan);
  for (const Type* type : plan.order) {
    comment(code, type->doc);
    if (type->enumeration() != nullptr) enumeration(code, plan, *type);
    if (type->object() != nullptr) object(code, plan, *type);
    if (type->alternate() != nullptr) alternate(code, plan, *type);
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
    const auto& name = plan.names.at(type);
    code.open({"std::string_view to_string(", name, " value) {"});
    code.open({"switch (value) {"});
    for (const auto& value : type->enumeration()->values) {
      code.line({"case ", name, "::", names::enumerator(value.name), ": return ", literal(value.name), ";"});
    }
    code.close();
    code.line("return {};");
    code.close();
    code.blank();
    code.open({"std::optional<", name, "> parse_", names::type_function(name), "(std::string_view text) {"});
    for (const auto& value : type->enumeration()->values) {
      code.line({"if (text == ", literal(value.name), ") return ", name, "::", names::enumerator(value.name), ";"});
    }
    code.line("return std::nullopt;");
    code.close();
    code.blank();
  }
  close_namespace(code, plan);
  return code.take();
}

std::string commands_header(const Plan& plan) {
  CodeWriter code;
  prologue(code, true);
  code.line("#include \"base/result.hpp\"");
  code.line("#include \"protocol/dispatch.hpp\"");
  code.line("#include \"types.hpp\"");
  code.blank();
  code.line(
      "/// The handlers, one per implemented command, written by hand. The table calls each, so one that is missing");
  code.line("/// does not link.");
  open_namespace(code, plan);
  for (const auto& command : plan.schema.commands) {
    if (!command->gen) continue;
    comment(code, command->doc);
    code.line({handler(*command), ";"});
    code.blank();
  }
  close_namespace(code, plan);
  return code.take();
}

}  // namespace guestd::schema::cxx
