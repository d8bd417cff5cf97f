// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "schema/compiler/cxx_plan.hpp"
#include "schema/compiler/reply_order.hpp"

namespace guestd::schema::cxx {
namespace {

void write_base64(CodeWriter& code, const Member& member, const std::string& name, bool client) {
  const auto value = member.optional ? "*" + name : name;
  const auto buffered = name + (member.optional ? "->" : ".") + "is_buffered()";
  if (client) {
    if (member.optional) code.open({"if (", name, ") {"});
  } else {
    code.open({"if (", member.optional ? name + " && " : "", buffered, ") {"});
  }
  code.line({"out.key(", literal(member.name), ");"});
  code.line({"protocol::encode::", client ? "bytes" : "buffered", "(", value, ", out);"});
  if (!client || member.optional) code.close();
}

void write_member(CodeWriter& code, const Plan& plan, const Type& owner, const Member& member,
                  const std::string& object) {
  const Under under(code, member.condition);
  const auto name = object + plan.name(member);
  if (is_base64(member)) return write_base64(code, member, name, plan.client());
  if (member.optional) code.open({"if (", name, ") {"});
  code.line({"out.key(", literal(member.name), ");"});
  encode_use(code, plan, member.use, member.optional ? "*" + name : name, is_boxed(plan, owner, member.use));
  if (member.optional) code.close();
}

/// Streamed members leave first, since the others may depend on how the stream ended.
void write_streams(CodeWriter& code, const Plan& plan, const std::vector<const Member*>& members) {
  for (const Member* member : members) {
    if (!is_base64(*member)) continue;
    const Under under(code, member->condition);
    const auto name = "value." + plan.name(*member);
    const auto condition = (member->optional ? name + " && !" + name + "->" : "!" + name + ".") + "is_buffered()";
    code.open({"if (", condition, ") {"});
    code.line({"out.key(", literal(member->name), ");"});
    code.line({"protocol::encode::streamed(", member->optional ? "*" : "", name, ", out);"});
    code.line("was_streamed = true;");
    code.close();
  }
}

/// An object that is written, and how code refers to its members: `value.`, and for the structs of branches `branch->`.
struct Level {
  const Type* type;
  std::string prefix;
};

/// Replies and events leave in qemu-ga's order, requests in that of the schema.
void write_members(CodeWriter& code, const Plan& plan, const std::vector<Level>& levels) {
  std::vector<const Member*> all;
  std::map<const Member*, const Level*> owners;
  for (const auto& level : levels) {
    for (const Member* member : all_members(*level.type->object())) {
      all.push_back(member);
      owners.emplace(member, &level);
    }
  }
  for (const Member* member : plan.client() ? all : reply_order(all)) {
    const Level& level = *owners.at(member);
    write_member(code, plan, *level.type, *member, level.prefix);
  }
}

void write_levels(CodeWriter& code, const Plan& plan, const std::vector<Level>& levels);

void write_branch(CodeWriter& code, const Plan& plan, std::vector<Level> levels, const Choice& choice) {
  const Level& outer = levels.back();
  if (choice.branch == nullptr || choice.branch->type->object() == nullptr) return write_members(code, plan, levels);
  // A branch that does not fit the discriminator is a bug of the caller: its members are written with defaults.
  const Type& branch = *choice.branch->type;
  const auto& name = plan.name(branch);
  const auto number = levels.size() == 1 ? std::string() : "_" + std::to_string(levels.size());
  code.line({"const ", name, " empty", number, "{};"});
  code.line({"const auto* held", number, " = std::get_if<", name, ">(&", outer.prefix,
             plan.names.branches.at(outer.type), ");"});
  code.line({"[[maybe_unused]] const auto* branch", number, " = held", number, " != nullptr ? held", number,
             " : &empty", number, ";"});
  levels.push_back({&branch, "branch" + number + "->"});
  write_levels(code, plan, levels);
}

void write_union(CodeWriter& code, const Plan& plan, const std::vector<Level>& levels) {
  const ObjectType& object = *levels.back().type->object();
  bool all = true;
  code.open({"switch (", levels.back().prefix, plan.name(*find_member(object, object.discriminator)), ") {"});
  for (const auto& choice : choices(object)) {
    all = all && choice.condition == choice.value->condition;
    const Under under(code, choice.condition);
    code.open({"case ", plan.name(discriminator_type(object)), "::", plan.name(*choice.value), ": {"});
    write_branch(code, plan, levels, choice);
    code.line("break;");
    code.close();
  }
  if (!all) {
    code.open({"default: {"});
    write_members(code, plan, levels);
    code.line("break;");
    code.close();
  }
  code.close();
}

/// What the last level holds, together with what those above it hold.
void write_levels(CodeWriter& code, const Plan& plan, const std::vector<Level>& levels) {
  if (has_branches(*levels.back().type)) return write_union(code, plan, levels);
  write_members(code, plan, levels);
}

void object(CodeWriter& code, const Plan& plan, const Type& type) {
  const auto members = all_members(*type.object());
  code.line("out.begin_object();");
  if (!plan.client() && has_base64(type)) {
    const auto& complete = plan.names.completes.at(&type);
    code.line("bool was_streamed = false;");
    write_streams(code, plan, members);
    code.line({"if (was_streamed && value.", complete, ") value.", complete, "(value);"});
  }
  write_levels(code, plan, {{&type, "value."}});
  code.line("out.end_object();");
}

void alternate(CodeWriter& code, const Plan& plan, const Type& type) {
  for (const auto& branch : type.alternate()->branches) {
    const Under under(code, branch.condition);
    code.open({"if ([[maybe_unused]] auto* held = std::get_if<", spell_value(plan, type, branch), ">(&value)) {"});
    encode_use(code, plan, branch.use, "*held", is_boxed(plan, type, branch.use));
    code.line("return;");
    code.close();
  }
  if (!always(type.alternate()->branches.front().condition)) code.line("out.null();");
}

/// Unused where the members are all left out by their conditions.
std::string signature(const Plan& plan, const Type& type) {
  return "void " + encode_function(plan, type) + "([[maybe_unused]] " + encode_parameter(plan, type) +
         ", protocol::JsonWriter& out)";
}

std::string declaration(const Plan& plan, const Type& type) {
  return "void " + encode_function(plan, type) + "(" + encode_parameter(plan, type) + ", protocol::JsonWriter& out);";
}

}  // namespace

std::string encode_statement(const Plan& plan, const Type& type, const std::string& expression) {
  if (is_raw(type)) return "out.json((" + expression + ").text());";
  if (type.builtin() == nullptr) return encode_function(plan, type) + "(" + expression + ", out);";
  const std::string_view name = type.name;
  if (name == "null") return "out.null();";
  std::string_view function = "integer";
  if (name == "str") function = "string";
  if (name == "number") function = "number";
  if (name == "bool") function = "boolean";
  if (name == "size" || name.starts_with("uint")) function = "uint";
  return "out." + std::string(function) + "(" + expression + ");";
}

void encode_use(CodeWriter& code, const Plan& plan, const TypeUse& use, const std::string& expression, bool boxed) {
  const auto write = [&](const std::string& value) {
    if (!boxed) return code.line(encode_statement(plan, *use.type, value));
    code.line({"protocol::encode::boxed(", value, ", ", encode_function(plan, *use.type), ", out);"});
  };
  if (!use.list) return write(expression);
  code.line("out.begin_array();");
  // Not const: elements may stream. auto&& also takes the values of a vector of bool.
  code.open({"for (auto&& element : ", expression, ") {"});
  write("element");
  code.close();
  code.line("out.end_array();");
}

std::string encode_header(const Plan& plan) {
  CodeWriter code;
  prologue(code, true);
  code.line("#include \"protocol/json_writer.hpp\"");
  code.line("#include \"types.hpp\"");
  code.blank();
  code.line(plan.client()
                ? "/// Encoders of the types that requests carry. Absent members are left out."
                : "/// Encoders of the types that replies and events carry. Members leave in qemu-ga's order; "
                  "absent ones are left out.");
  open_namespace(code, plan);
  for (const Type* type : plan.order) {
    if (!plan.encoded.contains(type)) continue;
    const Under under(code, plan.existence.at(type));
    code.line(declaration(plan, *type));
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
    const Under under(code, plan.existence.at(type));
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
