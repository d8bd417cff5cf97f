// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "schema/compiler/cxx_plan.hpp"
#include "schema/compiler/names.hpp"
#include "schema/compiler/reply_order.hpp"

namespace guestd::schema::cxx {
namespace {

void write_member(CodeWriter& code, const Plan& plan, const Member& member, const std::string& object) {
  const auto name = object + names::member(member.name);
  const auto value = member.optional ? "*" + name : name;
  if (is_base64(member)) {
    const auto condition =
        (member.optional ? name + " && " : "") + name + (member.optional ? "->" : ".") + "is_buffered()";
    code.open({"if (", condition, ") {"});
    code.line({"out.key(", literal(member.name), ");"});
    code.line({"protocol::encode::buffered(", value, ", out);"});
    code.close();
    return;
  }
  if (member.optional) code.open({"if (", name, ") {"});
  code.line({"out.key(", literal(member.name), ");"});
  encode_use(code, plan, member.use, value);
  if (member.optional) code.close();
}

/// Streamed members leave first, since the others may depend on how the stream ended.
void write_streams(CodeWriter& code, const std::vector<const Member*>& members) {
  std::string any;
  for (const Member* member : members) {
    if (!is_base64(*member)) continue;
    const auto name = "value." + names::member(member->name);
    const auto condition = (member->optional ? name + " && !" + name + "->" : "!" + name + ".") + "is_buffered()";
    code.open({"if (", condition, ") {"});
    code.line({"out.key(", literal(member->name), ");"});
    code.line({"protocol::encode::streamed(", member->optional ? "*" : "", name, ", out);"});
    code.line("was_streamed = true;");
    code.close();
  }
}

void write_members(CodeWriter& code, const Plan& plan, const std::vector<const Member*>& members,
                   const std::vector<const Member*>& branch) {
  auto all = members;
  all.insert(all.end(), branch.begin(), branch.end());
  for (const Member* member : reply_order(std::move(all))) {
    const bool in_branch = std::find(branch.begin(), branch.end(), member) != branch.end();
    write_member(code, plan, *member, in_branch ? "branch->" : "value.");
  }
}

void write_union(CodeWriter& code, const Plan& plan, const ObjectType& object,
                 const std::vector<const Member*>& members) {
  const Member& discriminator = *find_member(object, object.discriminator);
  code.open({"switch (value.", names::member(discriminator.name), ") {"});
  for (const auto& value : discriminator.use.type->enumeration()->values) {
    code.open({"case ", plan.names.at(discriminator.use.type), "::", names::enumerator(value.name), ": {"});
    const auto* branch = find_branch(object, value.name);
    const auto inner = branch != nullptr ? all_members(*branch->type->object()) : std::vector<const Member*>();
    if (!inner.empty()) {
      // A branch that does not fit the discriminator is a bug of the command: its members are written with defaults.
      const auto& name = plan.names.at(branch->type);
      code.line({"const ", name, " empty{};"});
      code.line({"const auto* held = std::get_if<", name, ">(&value.branch);"});
      code.line("const auto* branch = held != nullptr ? held : &empty;");
    }
    write_members(code, plan, members, inner);
    code.line("break;");
    code.close();
  }
  code.close();
}

void object(CodeWriter& code, const Plan& plan, const Type& type) {
  const auto members = all_members(*type.object());
  const bool bytes = std::any_of(members.begin(), members.end(), [](const Member* each) { return is_base64(*each); });
  code.line("out.begin_object();");
  if (bytes) {
    code.line("bool was_streamed = false;");
    write_streams(code, members);
    code.line("if (was_streamed && value.complete) value.complete(value);");
  }
  if (members.empty()) code.line("static_cast<void>(value);");
  if (type.is_union()) {
    write_union(code, plan, *type.object(), members);
  } else {
    write_members(code, plan, members, {});
  }
  code.line("out.end_object();");
}

void alternate(CodeWriter& code, const Plan& plan, const Type& type) {
  std::size_t index = 0;
  for (const auto& branch : type.alternate()->branches) {
    code.open({"if (auto* held = std::get_if<", std::to_string(index++), ">(&value)) {"});
    if (branch.use.type->builtin() != nullptr && branch.use.type->name == "null") code.line("static_cast<void>(held);");
    encode_use(code, plan, branch.use, "*held");
    code.close();
  }
}

std::string signature(const Plan& plan, const Type& type) {
  return "void " + encode_function(plan, type) + "(" + encode_parameter(plan, type) + ", protocol::JsonWriter& out)";
}

}  // namespace

std::string encode_statement(const Plan& plan, const Type& type, const std::string& expression) {
  if (type.builtin() == nullptr) return encode_function(plan, type) + "(" + expression + ", out);";
  const std::string_view name = type.name;
  if (name == "null") return "out.null();";
  std::string_view function = "integer";
  if (name == "str") function = "string";
  if (name == "number") function = "number";
  if (name == "bool") function = "boolean";
  if (name == "any") function = "value";
  if (name == "size" || name.starts_with("uint")) function = "uint";
  return "out." + std::string(function) + "(" + expression + ");";
}

void encode_use(CodeWriter& code, const Plan& plan, const TypeUse& use, const std::string& expression) {
  if (!use.list) return code.line(encode_statement(plan, *use.type, expression));
  code.line("out.begin_array();");
  // Not const: elements may stream. auto&& also takes the values of a vector of bool.
  code.line({"for (auto&& element : ", expression, ") ", encode_statement(plan, *use.type, "element")});
  code.line("out.end_array();");
}

std::string encode_header(const Plan& plan) {
  CodeWriter code;
  prologue(code, true);
  code.line("#include \"protocol/json_writer.hpp\"");
  code.line("#include \"types.hpp\"");
  code.blank();
  code.line(
      "/// Encoders of the types that replies carry. Members leave in qemu-ga's order; absent ones are left out.");
  open_namespace(code, plan);
  for (const Type* type : plan.order) {
    if (plan.encoded.contains(type)) code.line({signature(plan, *type), ";"});
  }
  close_namespace(code, plan);
  return code.take();
}

std::string encode_source(const Plan& plan) {
  CodeWriter code;
  prologue(code, false);
  code.line("#include \"encode.hpp\"");
  code.blank();
  code.line("#include \"protocol/encode_bytes.hpp\"");
  code.blank();
  open_namespace(code, plan);
  for (const Type* type : plan.order) {
    if (!plan.encoded.contains(type)) continue;
    code.open({signature(plan, *type), " {"});
    if (type->enumeration() != nullptr) code.line("out.string(to_string(value));");
    if (type->object() != nullptr) object(code, plan, *type);
    if (type->alternate() != nullptr) alternate(code, plan, *type);
    code.close();
    code.blank();
  }
  close_namespace(code, plan);
  return code.take();
}

}  // namespace guestd::schema::cxx
