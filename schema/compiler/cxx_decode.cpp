// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "schema/compiler/cxx_plan.hpp"

namespace guestd::schema::cxx {
namespace {

std::string member_leaf(const Plan& plan, const Member& member) {
  if (is_base64(member)) return plan.client() ? "protocol::decode::bytes" : "protocol::decode::base64";
  return decode_leaf(plan, *member.use.type);
}

/// `if (auto read = decode::required(...); !read) return ...` for one member of `value`.
void member(CodeWriter& code, const Plan& plan, const Member& member, std::string_view target) {
  const Under under(code, member.condition);
  const std::string function = std::string("protocol::decode::") + (member.optional ? "optional" : "required") +
                               (member.use.list ? "_list" : "");
  code.line({"if (auto read = ", function, "(value, name, ", literal(member.name), ", ", member_leaf(plan, member),
             ", ", target, plan.name(member), "); !read) return std::move(read).error();"});
}

/// What servers check, and clients do not: a newer agent may say more than the client knows.
void known_names(CodeWriter& code, const Plan& plan, const std::vector<const Member*>& members) {
  if (plan.client()) return;
  const bool plain =
      std::all_of(members.begin(), members.end(), [](const Member* each) { return always(each->condition); });
  if (plain) {
    std::string list;
    for (const Member* each : members) list += (list.empty() ? "" : ", ") + literal(each->name);
    return code.line({"if (auto read = protocol::decode::no_others(value, name, {", list,
                      "}); !read) return std::move(read).error();"});
  }
  code.open({"if (auto read = protocol::decode::no_others(value, name, {"});
  for (const Member* each : members) {
    const Under under(code, each->condition);
    code.line({literal(each->name), ","});
  }
  code.close("}); !read) return std::move(read).error();");
}

/// False: a base or the discriminator is not known (--partial), and what belongs there cannot be told from what is
/// wrong.
bool is_whole(const Type& type) {
  for (const Type* level = &type; level != nullptr; level = level->object()->base) {
    if (level->object() == nullptr) return false;
  }
  return !type.is_union() || has_branches(type);
}

/// Where the members of an object go.
struct Target {
  std::string object;                // `out`, and in branches `branch`, `branch_2` ...
  unsigned depth = 0;                // of unions in branches of unions
  std::vector<const Member*> known;  // all members up to here
  bool whole = true;                 // what is not among them is wrong
};

void object_members(CodeWriter& code, const Plan& plan, const Type& type, Target target);

void union_branch(CodeWriter& code, const Plan& plan, const Type& type, const Type& branch, Target target) {
  const auto field = target.object + "." + plan.names.branches.at(&type);
  if (branch.object() == nullptr) {  // it is not known (--partial): the whole object is kept
    code.line({field, ".emplace<protocol::RawJson>(value);"});
    return code.line("return out;");
  }
  ++target.depth;
  target.object = target.depth == 1 ? "branch" : "branch_" + std::to_string(target.depth);
  code.line({"[[maybe_unused]] auto& ", target.object, " = ", field, ".emplace<", plan.name(branch), ">();"});
  object_members(code, plan, branch, std::move(target));
}

void union_branches(CodeWriter& code, const Plan& plan, const Type& type, const Target& target) {
  const ObjectType& object = *type.object();
  const auto& enum_name = plan.name(discriminator_type(object));
  bool all = true;
  code.open({"switch (", target.object, ".", plan.name(*find_member(object, object.discriminator)), ") {"});
  for (const auto& choice : choices(object)) {
    all = all && choice.branch != nullptr && choice.condition == choice.value->condition;
    if (choice.branch == nullptr) continue;
    const Under under(code, choice.condition);
    code.open({"case ", enum_name, "::", plan.name(*choice.value), ": {"});
    union_branch(code, plan, type, *choice.branch->type, target);
    code.close();
  }
  if (!all) code.line("default: break;");
  code.close();
}

void object_members(CodeWriter& code, const Plan& plan, const Type& type, Target target) {
  const auto members = all_members(*type.object());
  for (const Member* each : members) member(code, plan, *each, target.object + ".");
  target.known.insert(target.known.end(), members.begin(), members.end());
  target.whole = target.whole && is_whole(type);
  if (has_branches(type)) union_branches(code, plan, type, target);
  if (target.whole) known_names(code, plan, target.known);
  code.line("return out;");
}

void object(CodeWriter& code, const Plan& plan, const Type& type) {
  code.line({"if (auto read = protocol::decode::object(value, name); !read) return std::move(read).error();"});
  code.line({plan.name(type), " out;"});
  object_members(code, plan, type, {"out", 0, {}, true});
}

void enumeration(CodeWriter& code, const Plan& plan, const Type& type) {
  code.line({"return protocol::decode::enumeration(value, name, parse_", plan.names.functions.at(&type), ");"});
}

std::string_view json_cases(const TypeUse& use) {
  if (use.list) return "case protocol::JsonType::kArray:";
  if (is_raw(*use.type)) return "default:";
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

void alternate_branch(CodeWriter& code, const Plan& plan, const Type& type, const Member& branch) {
  const Under under(code, branch.condition);
  const auto spelled = spell_value(plan, type, branch);
  code.open({json_cases(branch.use), " {"});
  code.line({spelled, " out{};"});
  const std::string_view function = branch.use.list ? "list" : "single";
  code.line({"if (auto read = protocol::decode::", function, "(value, name, ", member_leaf(plan, branch),
             ", out); !read) return std::move(read).error();"});
  code.line({"return ", plan.name(type), "(std::in_place_type<", spelled, ">, std::move(out));"});
  code.close();
}

void alternate(CodeWriter& code, const Plan& plan, const Type& type) {
  const auto& branches = type.alternate()->branches;
  code.open({"switch (value.type()) {"});
  for (const auto& branch : branches) alternate_branch(code, plan, type, branch);
  const bool has_default =
      std::any_of(branches.begin(), branches.end(), [](const Member& each) { return is_raw(*each.use.type); });
  if (!has_default) {
    code.line({"default: return protocol::decode::wrong_type(name, ", literal(type.name), ");"});
  }
  code.close();
}

std::string signature(const Plan& plan, const Type& type) {
  return "Result<" + plan.name(type) + "> " + decode_function(plan, type) +
         "(protocol::JsonView value, std::string_view name)";
}

}  // namespace

std::string decode_leaf(const Plan& plan, const Type& type) {
  if (is_raw(type)) return "protocol::decode::any";
  if (type.builtin() == nullptr) return decode_function(plan, type);
  const std::string_view name = type.name;
  if (name == "str") return "protocol::decode::string";
  if (name == "number") return "protocol::decode::number";
  if (name == "int" || name == "int64") return "protocol::decode::integer";
  if (name == "uint64" || name == "size") return "protocol::decode::uint64";
  if (name == "bool") return "protocol::decode::boolean";
  if (name == "null") return "protocol::decode::null";
  return "protocol::decode::sized_integer<" + spell(plan, {&type, false}) + ">";
}

std::string decode_header(const Plan& plan) {
  CodeWriter code;
  prologue(code, true);
  code.line("#include <string_view>");
  code.blank();
  code.line("#include \"base/result.hpp\"");
  code.line("#include \"protocol/json_reader.hpp\"");
  code.line("#include \"types.hpp\"");
  code.blank();
  code.line({"/// Decoders of the types that ", plan.client() ? "replies and events" : "requests",
             " carry. `name` stands in error texts; \"\" at the top."});
  open_namespace(code, plan);
  for (const Type* type : plan.order) {
    if (!plan.decoded.contains(type)) continue;
    const Under under(code, plan.existence.at(type));
    code.line({signature(plan, *type), ";"});
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
    const Under under(code, plan.existence.at(type));
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
