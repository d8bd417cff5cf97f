// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/cxx_plan.hpp"

namespace guestd::schema::cxx {
namespace {

std::string arguments_type(const Plan& plan, const Command& command) {
  return command.arguments != nullptr ? plan.names.arguments.at(&command) : "protocol::NoArguments";
}

/// Results and call structs may bear the same name.
std::string result_type(const Plan& plan, const Command& command) { return plan.names.results.at(&command); }

void call_struct(CodeWriter& code, const Plan& plan, const Command& command) {
  const Under under(code, command.condition);
  comment(code, command.doc);
  code.open({"struct ", plan.names.calls.at(&command), " {"});
  code.line({"using Arguments = ", arguments_type(plan, command), ";"});
  code.line({"using Returns = ", result_type(plan, command), ";"});
  code.line({"static constexpr std::string_view kName = ", literal(command.name), ";"});
  code.line({"static constexpr bool kSuccessResponse = ", command.success_response ? "true" : "false", ";"});
  code.line("static void encode(const Arguments& args, protocol::JsonWriter& out);");
  code.line("static Result<Returns> decode(protocol::JsonView value);");
  code.close("};");
  code.blank();
}

std::string stub(const Plan& plan, const Command& command) {
  auto text =
      "Result<" + result_type(plan, command) + "> " + plan.names.handlers.at(&command) + "(protocol::Caller& caller";
  if (command.arguments != nullptr) text += ", const " + plan.names.arguments.at(&command) + "& args";
  return text + ")";
}

void encode(CodeWriter& code, const Plan& plan, const Command& command) {
  const auto call = "calls::" + plan.names.calls.at(&command);
  if (command.arguments == nullptr) {
    code.open({"void ", call, "::encode(const Arguments&, protocol::JsonWriter& out) {"});
    code.line("out.begin_object();");
    code.line("out.end_object();");
  } else {
    code.open({"void ", call, "::encode(const Arguments& args, protocol::JsonWriter& out) {"});
    code.line(encode_statement(plan, *command.arguments, "args"));
  }
  code.close();
}

void decode(CodeWriter& code, const Plan& plan, const Command& command) {
  const auto& call = plan.names.calls.at(&command);
  const bool none = !command.returns;
  code.open(
      {"Result<calls::", call, "::Returns> calls::", call, "::decode(protocol::JsonView", none ? "" : " value", ") {"});
  if (none) {
    code.line("return {};");
  } else if (!command.returns->list) {
    code.line({"return ", decode_leaf(plan, *command.returns->type), "(value, \"return\");"});
  } else {
    code.line("Returns out;");
    code.line({"if (auto read = protocol::decode::list(value, \"return\", ", decode_leaf(plan, *command.returns->type),
               ", out); !read) return std::move(read).error();"});
    code.line("return out;");
  }
  code.close();
}

void definitions(CodeWriter& code, const Plan& plan, const Command& command) {
  const Under under(code, command.condition);
  encode(code, plan, command);
  code.blank();
  decode(code, plan, command);
  code.blank();
  code.open({stub(plan, command), " {"});
  code.line({"return protocol::perform<calls::", plan.names.calls.at(&command), ">(caller, ",
             command.arguments != nullptr ? "args" : "{}", ");"});
  code.close();
  code.blank();
}

}  // namespace

std::string calls_header(const Plan& plan) {
  CodeWriter code;
  prologue(code, true);
  code.line("#include <string_view>");
  code.blank();
  for (const auto* header : {"base/result.hpp", "protocol/call.hpp", "types.hpp"}) {
    code.line({"#include \"", header, "\""});
  }
  code.blank();
  open_namespace(code, plan);
  code.line("/// One struct per command, for clients that do not wait (protocol/call.hpp).");
  code.line("namespace calls {");
  code.blank();
  for (const auto& command : plan.schema.commands) call_struct(code, plan, *command);
  code.line("}  // namespace calls");
  code.blank();
  code.line("// One function per command, which waits for the reply.");
  for (const auto& command : plan.schema.commands) {
    const Under under(code, command->condition);
    code.line({stub(plan, *command), ";"});
  }
  close_namespace(code, plan);
  return code.take();
}

std::string calls_source(const Plan& plan) {
  CodeWriter code;
  prologue(code, false);
  code.line("#include \"calls.hpp\"");
  code.blank();
  code.line("#include <utility>");
  code.blank();
  for (const auto* header : {"decode.hpp", "encode.hpp", "protocol/decode.hpp", "protocol/decode_members.hpp"}) {
    code.line({"#include \"", header, "\""});
  }
  code.blank();
  open_namespace(code, plan);
  for (const auto& command : plan.schema.commands) definitions(code, plan, *command);
  close_namespace(code, plan);
  return code.take();
}

}  // namespace guestd::schema::cxx
