// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "schema/compiler/cxx_plan.hpp"
#include "schema/compiler/names.hpp"

namespace guestd::schema::cxx {
namespace {

/// The function that decodes one value, list elements included (protocol/decode_members.hpp gives the rest).
std::string leaf(const Plan& plan, const Member& member) {
  if (is_base64(member)) return "protocol::decode::base64";
  const Type& type = *member.use.type;
  if (type.builtin() == nullptr) return decode_function(plan, type);
  const std::string_view name = type.name;
  if (name == "str") return "protocol::decode::string";
  if (name == "number") return "protocol::decode::number";
  if (name == "int" || name == "int64") return "protocol::decode::integer";
  if (name == "uint64" || name == "size") return "protocol::decode::uint64";
  if (name == "bool") return "protocol::decode::boolean";
  if (name == "null") return "protocol::decode::null";
  if (name == "any") return "protocol::decode::any";
  return "protocol::decode::sized_integer<" + spell(plan, {&type, false}) + ">";
}

/// `if (auto read = decode::required(...); !read) return ...` for one member of `value`.
void member(CodeWriter& code, const Plan& plan, const Member& member, std::string_view target) {
  const std::string function = std::string("protocol::decode::") + (member.optional ? "optional" : "required") +
                               (member.use.list ? "_list" : "");
  code.line({"if (auto read = ", function, "(value, name, ", literal(member.name), ", ", leaf(plan, member), ", ",
             target, names::member(member.name), "); !read) return std::move(read).error();"});
}

void known_names(CodeWriter& code, const std::vector<const Member*>& members) {
  std::string list;
  for (const Member* each : members) list += (list.empty() ? "" : ", ") + literal(each->name);
  code.line({"if (auto read = protocol::decode::no_others(value, name, {", list,
             "}); !read) return std::move(read).error();"});
}

void union_branches(CodeWriter& code, const Plan& plan, const ObjectType& object, std::vector<const Member*> members) {
  const Member& discriminator = *find_member(object, object.discriminator);
  const auto& enum_name = plan.names.at(discriminator.use.type);
  code.open({"switch (out.", names::member(discriminator.name), ") {"});
  for (const auto& branch : object.branches) {
    code.open({"case ", enum_name, "::", names::enumerator(branch.name), ": {"});
    code.line({"auto& branch = out.branch.emplace<", plan.names.at(branch.type), ">();"});
    auto known = members;
    const auto inner = all_members(*branch.type->object());
    for (const Member* each : inner) member(code, plan, *each, "branch.");
    if (inner.empty()) code.line("static_cast<void>(branch);");
    known.insert(known.end(), inner.begin(), inner.end());
    known_names(code, known);
    code.line("return out;");
    code.close();
  }
  if (object.branches.size() < discriminator.use.type->enumeration()->values.size()) code.line("default: break;");
  code.close();
}

void object(CodeWriter& code, const Plan& plan, const Type& type) {
  code.line({"if (auto read = protocol::decode::object(value, name); !read) return std::move(read).error();"});
  code.line({plan.names.at(&type), " out;"});
  const auto members = all_members(*type.object());
  for (const Member* each : members) member(code, plan, *each, "out.");
  if (type.is_union()) union_branches(code, plan, *type.object(), members);
  known_names(code, members);
  code.line("return out;");
}

void enumeration(CodeWriter& code, const Plan& plan, const Type& type) {
  code.line(
      {"return protocol::decode::enumeration(value, name, parse_", names::type_function(plan.names.at(&type)), ");"});
}

std::string_view json_cases(const TypeUse& use) {
  if (use.list) return "case protocol::JsonType::kArray:";
  if (use.type->enumeration() != nullptr) return "case protocol::JsonType::kString:";
  if (use.type->object() != nullptr) return "case protocol::JsonType::kObject:";
  switch (use.type->builtin()->json) {
    case BuiltinType::Json::kString:
      return "case protocol::JsonType::kString:";
    case BuiltinType::Json::kBool:
      return "case protocol::JsonType::kBool:";
    case BuiltinType::Json::kNull:
      return "case protocol::JsonType::kNull:";
    default:
      return "case protocol::JsonType::kInt: case protocol::JsonType::kUint: case protocol::JsonType::kDouble:";
  }
}

void alternate(CodeWriter& code, const Plan& plan, const Type& type) {
  const auto& name = plan.names.at(&type);
  code.open({"switch (value.type()) {"});
  for (const auto& branch : type.alternate()->branches) {
    const auto spelled = spell(plan, branch.use);
    code.open({json_cases(branch.use), " {"});
    code.line({spelled, " out{};"});
    const std::string_view function = branch.use.list ? "list" : "single";
    code.line({"if (auto read = protocol::decode::", function, "(value, name, ", leaf(plan, branch),
               ", out); !read) return std::move(read).error();"});
    code.line({"return ", name, "(std::in_place_type<", spelled, ">, std::move(out));"});
    code.close();
  }
  code.line({"default: return protocol::decode::wrong_type(name, ", literal(type.name), ");"});
  code.close();
}

std::string signature(const Plan& plan, const Type& type) {
  return "Result<" + plan.names.at(&type) + "> " + decode_function(plan, type) +
         "(protocol::JsonView value, std::string_view name)";
}

}  // namespace

std::string decode_header(const Plan& plan) {
  CodeWriter code;
  prologue(code, true);
  code.line("#include <string_view>");
  code.blank();
  code.line("#include \"base/result.hpp\"");
  code.line("#include \"protocol/json_reader.hpp\"");
  code.line("#include \"types.hpp\"");
  code.blank();
  code.line("/// Decoders of the types that requests carry. `name` stands in error texts; \"\" at the top.");
  open_namespace(code, plan);
  for (const Type* type : plan.order) {
    if (plan.decoded.contains(type)) code.line({signature(plan, *type), ";"});
  }
  close_namespace(code, plan);
  return code.take();
}

std::string decode_source(const Plan& plan) {
  CodeWriter code;
  prologue(code, false);
  code.line("#include \"decode.hpp\"");
  code.blank();
  code.line("#include <utility>");
  code.blank();
  code.line("#include \"protocol/decode.hpp\"");
  code.line("#include \"protocol/decode_members.hpp\"");
  code.blank();
  open_namespace(code, plan);
  for (const Type* type : plan.order) {
    if (!plan.decoded.contains(type)) continue;
    code.open({signature(plan, *type), " {"});
    if (type->enumeration() != nullptr) enumeration(code, plan, *type);
    if (type->object() != nullptr) object(code, plan, *type);
    if (type->alternate() != nullptr) alternate(code, plan, *type);
    code.close();
    code.blank();
  }
  close_namespace(code, plan);
  return code.take();
}

}  // namespace guestd::schema::cxx
