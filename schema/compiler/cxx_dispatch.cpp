// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "schema/compiler/cxx_plan.hpp"

namespace guestd::schema::cxx {
namespace {

std::string run_function(const Plan& plan, const Command& command) { return "run_" + plan.names.handlers.at(&command); }

std::string features_constant(const Plan& plan, const Command& command) {
  return "k" + plan.names.calls.at(&command) + "Features";
}

std::string objects_constant(const Plan& plan, const Command& command) {
  return "k" + plan.names.calls.at(&command) + "Objects";
}

bool is_object(const Member& member) { return has_feature(member.features, "object"); }

bool has_objects(const Command& command) {
  const auto* arguments = command.arguments != nullptr ? command.arguments->object() : nullptr;
  return arguments != nullptr && std::ranges::any_of(arguments->members, is_object);
}

void decode_arguments(CodeWriter& code, const Plan& plan, const Command& command) {
  if (command.arguments == nullptr) {
    code.open({"if (arguments != nullptr) {"});
    code.line(
        "if (auto read = protocol::decode::no_others(*arguments, \"\", {}); !read) return std::move(read).error();");
    code.close();
    return;
  }
  code.line({"const auto given = arguments != nullptr ? *arguments : protocol::decode::empty_object();"});
  code.line({"auto args = ", decode_leaf(plan, *command.arguments), "(given, \"\");"});
  code.line("if (!args) return std::move(args).error();");
}

void encode_result(CodeWriter& code, const Plan& plan, const Command& command, const std::string& result = "*result") {
  if (!command.returns) {
    code.line("out.begin_object();");
    code.line("out.end_object();");
    return;
  }
  if (is_constant(command)) return code.line("protocol::encode::constant(*result, out);");
  encode_use(code, plan, *command.returns, result, false);
}

void run(CodeWriter& code, const Plan& plan, const Command& command) {
  const Under under(code, command.condition);
  code.open({"Result<void> ", run_function(plan, command),
             "(::guestd::commands::Context& context, const protocol::JsonView* arguments,"});
  code.line({"    protocol::JsonWriter& out) {"});
  decode_arguments(code, plan, command);
  code.line({"auto result = ", plan.names.handlers.at(&command), "(context",
             command.arguments != nullptr ? ", *args" : "", ");"});
  code.line("if (!result) return std::move(result).error();");
  encode_result(code, plan, command);
  code.line("return {};");
  code.close();
  code.blank();
}

void run_at_once(CodeWriter& code, const Plan& plan, const Command& command) {
  const Under under(code, command.condition);
  code.open({"bool ", run_function(plan, command),
             "_at_once(::guestd::commands::Context& context, const protocol::JsonView* arguments,"});
  code.line({"    protocol::JsonWriter& out) {"});
  if (command.arguments != nullptr) {
    code.line("if (arguments == nullptr) return false;");
    code.line({"const auto args = ", decode_function(plan, *command.arguments), "(*arguments, \"\");"});
    code.line("if (!args) return false;");
  } else {
    code.line("if (arguments != nullptr && !protocol::decode::no_others(*arguments, \"\", {})) return false;");
  }
  code.line({"auto result = ", plan.names.handlers.at(&command), "_at_once(context",
             command.arguments != nullptr ? ", *args" : "", ");"});
  code.line("if (!result) return false;");
  encode_result(code, plan, command);
  code.line("return true;");
  code.close();
  code.blank();
}

/// A command that waits: a function that may want to wait, and one that must not.
void run_waiting(CodeWriter& code, const Plan& plan, const Command& command) {
  const Under under(code, command.condition);
  const std::string name = run_function(plan, command);
  code.open(
      {"Result<bool> ", name, "_waiting(::guestd::commands::Context& context, const protocol::JsonView* arguments,"});
  code.line({"    protocol::JsonWriter& out, protocol::Waiting& waiting) {"});
  decode_arguments(code, plan, command);
  code.line({"auto result = ", plan.names.handlers.at(&command), "(context",
             command.arguments != nullptr ? ", *args" : "", ", waiting);"});
  code.line("if (!result) return std::move(result).error();");
  code.line("if (!*result) return false;");
  encode_result(code, plan, command, "**result");
  code.line("return true;");
  code.close();
  code.blank();
  code.open({"Result<void> ", name, "(::guestd::commands::Context& context, const protocol::JsonView* arguments,"});
  code.line({"    protocol::JsonWriter& out) {"});
  code.line("protocol::Waiting waiting;");
  code.line({"auto done = ", name, "_waiting(context, arguments, out, waiting);"});
  code.line("if (!done) return std::move(done).error();");
  code.line("return {};");
  code.close();
  code.blank();
}

/// An empty name stands last: whatever the conditions, an array has a member.
void features(CodeWriter& code, const Plan& plan, const Command& command) {
  if (command.features.empty()) return;
  const Under under(code, command.condition);
  code.open({"constexpr std::string_view ", features_constant(plan, command), "[] = {"});
  for (const auto& feature : command.features) {
    const Under feature_under(code, feature.condition);
    code.line({literal(feature.name), ","});
  }
  code.line("{},");
  code.close("};");
}

/// Arguments that the feature `object` marks. As above, an empty name stands last.
void objects(CodeWriter& code, const Plan& plan, const Command& command) {
  if (!has_objects(command)) return;
  const Under under(code, command.condition);
  code.open({"constexpr std::string_view ", objects_constant(plan, command), "[] = {"});
  for (const auto& member : command.arguments->object()->members) {
    if (!is_object(member)) continue;
    const Under member_under(code, member.condition);
    code.line({literal(member.name), ","});
  }
  code.line("{},");
  code.close("};");
}

void entry(CodeWriter& code, const Plan& plan, const Command& command) {
  const Under under(code, command.condition);
  const auto constant = features_constant(plan, command);
  code.open({"{"});
  code.line({".name = ", literal(command.name), ","});
  code.line({".features = {", command.features.empty() ? "" : constant + ", std::size(" + constant + ") - 1", "},"});
  code.line({".success_response = ", command.success_response ? "true" : "false", ","});
  code.line({".coroutine = ", command.coroutine ? "true" : "false", ","});
  code.line({".run = ", command.gen ? run_function(plan, command) : "nullptr", ","});
  const bool at_once = command.gen && is_at_once(command);
  code.line({".run_at_once = ", at_once ? run_function(plan, command) + "_at_once" : "nullptr", ","});
  const bool waiting = command.gen && is_waiting(command);
  code.line({".run_waiting = ", waiting ? run_function(plan, command) + "_waiting" : "nullptr", ","});
  code.line({".family = ", literal(command.family), ","});
  if (has_objects(command)) {
    const auto objects = objects_constant(plan, command);
    code.line({".objects = {", objects, ", std::size(", objects, ") - 1},"});
  }
  code.close("},");
}

}  // namespace

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
    const Under under(code, command->condition);
    comment(code, command->doc);
    if (is_waiting(*command)) {
      code.line("/// Nothing if it wants to wait: then it has set the limit and left `wake` with what it waits for.");
    }
    code.line({is_waiting(*command) ? handler_waiting(plan, *command) : handler(plan, *command), ";"});
    if (is_at_once(*command)) {
      code.line("/// The result if it is at hand; nothing if it would have to be waited for, or is an error.");
      code.line({handler_at_once(plan, *command), ";"});
    }
    code.blank();
  }
  close_namespace(code, plan);
  return code.take();
}

std::string dispatch_source(const Plan& plan) {
  CodeWriter code;
  const auto& commands = plan.schema.commands;
  prologue(code, false);
  for (const auto* header : {"iterator", "string_view", "utility"}) code.line({"#include <", header, ">"});
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
    if (!command->gen) continue;
    is_waiting(*command) ? run_waiting(code, plan, *command) : run(code, plan, *command);
    if (is_at_once(*command)) run_at_once(code, plan, *command);
  }
  for (const auto& command : commands) features(code, plan, *command);
  for (const auto& command : commands) objects(code, plan, *command);
  code.blank();
  code.open({"constexpr protocol::CommandEntry kCommands[] = {"});
  for (const auto& command : commands) entry(code, plan, *command);
  code.line("{},");
  code.close("};");
  code.blank();
  code.line("}  // namespace");
  code.line("std::span<const protocol::CommandEntry> commands() { return {kCommands, std::size(kCommands) - 1}; }");
  close_namespace(code, plan);
  code.blank();
  code.line({"std::span<const guestd::protocol::CommandEntry> guestd::protocol::command_table() { return ::",
             plan.name_space, "::commands(); }"});
  return code.take();
}

}  // namespace guestd::schema::cxx
