// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "schema/compiler/cxx_plan.hpp"
#include "schema/compiler/names.hpp"

namespace guestd::schema::cxx {
namespace {

std::string run_function(const Command& command) { return "run_" + names::command_function(command.name); }

/// `arguments` may be absent: then the first mandatory one is missing, or all have their defaults.
void decode_arguments(CodeWriter& code, const Plan& plan, const Command& command) {
  if (command.arguments == nullptr) {
    code.open({"if (arguments != nullptr) {"});
    code.line(
        "if (auto read = protocol::decode::no_others(*arguments, \"\", {}); !read) return std::move(read).error();");
    code.close();
    return;
  }
  const auto members = all_members(*command.arguments->object());
  const auto mandatory =
      std::find_if(members.begin(), members.end(), [](const Member* each) { return !each->optional; });
  if (mandatory != members.end()) {
    code.line({"if (arguments == nullptr) return protocol::decode::missing(", literal((*mandatory)->name), ");"});
    code.line({"auto args = ", decode_function(plan, *command.arguments), "(*arguments, \"\");"});
  } else {
    const auto name = arguments_name(command);
    code.line({"auto args = arguments != nullptr ? ", decode_function(plan, *command.arguments), "(*arguments, \"\")"});
    code.line({"                                 : Result<", name, ">(", name, "());"});
  }
  code.line("if (!args) return std::move(args).error();");
}

void encode_result(CodeWriter& code, const Plan& plan, const Command& command) {
  if (!command.returns) {
    code.line("out.begin_object();");
    code.line("out.end_object();");
    return;
  }
  if (is_constant(command)) return code.line("protocol::encode::constant(*result, out);");
  encode_use(code, plan, *command.returns, "*result");
}

void run(CodeWriter& code, const Plan& plan, const Command& command) {
  code.open({"Result<void> ", run_function(command),
             "(guestd::commands::Context& context, const protocol::JsonView* arguments,"});
  code.line({"    protocol::JsonWriter& out) {"});
  decode_arguments(code, plan, command);
  code.line({"auto result = ", names::command_function(command.name), "(context",
             command.arguments != nullptr ? ", *args" : "", ");"});
  code.line("if (!result) return std::move(result).error();");
  encode_result(code, plan, command);
  code.line("return {};");
  code.close();
  code.blank();
}

std::string features_constant(const Command& command) { return names::enumerator(command.name) + "Features"; }

void features(CodeWriter& code, const Command& command) {
  if (command.features.empty()) return;
  std::string list;
  for (const auto& feature : command.features) list += (list.empty() ? "" : ", ") + literal(feature.name);
  code.line({"constexpr std::array<std::string_view, ", std::to_string(command.features.size()), "> ",
             features_constant(command), "{", list, "};"});
}

void entry(CodeWriter& code, const Command& command) {
  code.open({"{"});
  code.line({".name = ", literal(command.name), ","});
  code.line({".features = ", command.features.empty() ? "{}" : features_constant(command), ","});
  code.line({".success_response = ", command.success_response ? "true" : "false", ","});
  code.line({".coroutine = ", command.coroutine ? "true" : "false", ","});
  code.line({".run = ", command.gen ? run_function(command) : "nullptr", ","});
  code.close("},");
}

}  // namespace

std::string dispatch_source(const Plan& plan) {
  CodeWriter code;
  const auto& commands = plan.schema.commands;
  prologue(code, false);
  for (const auto* header : {"array", "string_view", "utility"}) code.line({"#include <", header, ">"});
  code.blank();
  for (const auto* header : {"commands.hpp", "decode.hpp", "encode.hpp", "protocol/decode.hpp", "protocol/dispatch.hpp",
                             "protocol/encode_constant.hpp"}) {
    code.line({"#include \"", header, "\""});
  }
  code.blank();
  open_namespace(code, plan);
  code.line("namespace {");
  code.blank();
  for (const auto& command : commands) {
    if (command->gen) run(code, plan, *command);
  }
  for (const auto& command : commands) features(code, *command);
  code.blank();
  code.open({"constexpr std::array<protocol::CommandEntry, ", std::to_string(commands.size()), "> kCommands{{"});
  for (const auto& command : commands) entry(code, *command);
  code.close("}};");
  code.blank();
  code.line("}  // namespace");
  code.line("std::span<const protocol::CommandEntry> commands() { return kCommands; }");
  close_namespace(code, plan);
  code.blank();
  code.line({"std::span<const guestd::protocol::CommandEntry> guestd::protocol::command_table() { return ",
             plan.name_space, "::commands(); }"});
  return code.take();
}

}  // namespace guestd::schema::cxx
