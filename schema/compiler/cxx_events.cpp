// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/cxx_plan.hpp"

namespace guestd::schema::cxx {
namespace {

void event_struct(CodeWriter& code, const Plan& plan, const Event& event) {
  const Under under(code, event.condition);
  comment(code, event.doc);
  code.open({"struct ", plan.names.events.at(&event), " {"});
  code.line({"static constexpr std::string_view kName = ", literal(event.name), ";"});
  if (event.data != nullptr) code.line({spell(plan, {event.data, false}), " data{};"});
  code.line("protocol::Timestamp timestamp{};");
  code.close("};");
  code.blank();
}

void event_variant(CodeWriter& code, const Plan& plan) {
  std::vector<Alternative> list{{"protocol::UnknownEvent", {}}};
  for (const auto& event : plan.schema.events) {
    list.push_back({plan.names.events.at(event.get()), event->condition});
  }
  code.line("/// Any event of the schema, or one that it does not have.");
  write_variant(code, "using Event = ", std::move(list), ";");
}

/// An event without `data` is one whose data has no members: it fails where one is mandatory.
void decode_one(CodeWriter& code, const Plan& plan, const Event& event) {
  const Under under(code, event.condition);
  const auto& name = plan.names.events.at(&event);
  code.open({"if (envelope->name == ", name, "::kName) {"});
  if (event.data == nullptr) {
    code.line({"return Event(", name, "{envelope->timestamp});"});
  } else {
    code.line({"auto data = ", decode_leaf(plan, *event.data), "(given, \"data\");"});
    code.line("if (!data) return std::move(data).error().with_context(envelope->name);");
    code.line({"return Event(", name, "{*std::move(data), envelope->timestamp});"});
  }
  code.close();
}

void decode(CodeWriter& code, const Plan& plan) {
  code.open({"Result<Event> decode_event(protocol::JsonView message) {"});
  code.line("auto envelope = protocol::read_event(message);");
  code.line("if (!envelope) return std::move(envelope).error();");
  code.line("[[maybe_unused]] const auto given = envelope->data.value_or(protocol::decode::empty_object());");
  for (const auto& event : plan.schema.events) decode_one(code, plan, *event);
  code.line("protocol::UnknownEvent unknown{std::string(envelope->name), {}, envelope->timestamp};");
  code.line("if (envelope->data) unknown.data = protocol::RawJson(*envelope->data);");
  code.line("return Event(std::move(unknown));");
  code.close();
}

void encode_one(CodeWriter& code, const Plan& plan, const Event& event) {
  const Under under(code, event.condition);
  const auto& name = plan.names.events.at(&event);
  code.open({"if (auto* held = std::get_if<", name, ">(&event)) {"});
  code.line({"protocol::begin_event(out, ", name, "::kName, held->timestamp);"});
  if (event.data != nullptr) {
    code.line("out.key(\"data\");");
    code.line(encode_statement(plan, *event.data, "held->data"));
  }
  code.line("out.end_object();");
  code.line("return;");
  code.close();
}

void encode(CodeWriter& code, const Plan& plan) {
  code.open({"void encode_event(Event event, protocol::JsonWriter& out) {"});
  for (const auto& event : plan.schema.events) encode_one(code, plan, *event);
  code.line("const auto* unknown = std::get_if<protocol::UnknownEvent>(&event);");
  code.line("if (unknown == nullptr) return;");
  code.line("protocol::begin_event(out, unknown->name, unknown->timestamp);");
  code.line("out.key(\"data\");");
  code.line("out.json(unknown->data.text());");
  code.line("out.end_object();");
  code.close();
}

}  // namespace

std::string events_header(const Plan& plan) {
  CodeWriter code;
  prologue(code, true);
  for (const auto* header : {"string_view", "variant"}) code.line({"#include <", header, ">"});
  code.blank();
  for (const auto* header : {"base/result.hpp", "protocol/event.hpp", "types.hpp"}) {
    code.line({"#include \"", header, "\""});
  }
  code.blank();
  open_namespace(code, plan);
  for (const auto& event : plan.schema.events) event_struct(code, plan, *event);
  event_variant(code, plan);
  code.blank();
  if (plan.client()) {
    code.line("/// `message` is a whole event, as protocol::is_event() tells. Unknown members are ignored.");
    code.line("Result<Event> decode_event(protocol::JsonView message);");
  } else {
    code.line("/// Writes the whole message, without newline.");
    code.line("void encode_event(Event event, protocol::JsonWriter& out);");
  }
  close_namespace(code, plan);
  return code.take();
}

std::string events_source(const Plan& plan) {
  CodeWriter code;
  prologue(code, false);
  code.line("#include \"events.hpp\"");
  code.blank();
  code.line("#include <utility>");
  code.blank();
  code.line(plan.client() ? "#include \"decode.hpp\"" : "#include \"encode.hpp\"");
  if (plan.client()) code.line("#include \"protocol/decode.hpp\"\n#include \"protocol/decode_members.hpp\"");
  code.blank();
  open_namespace(code, plan);
  plan.client() ? decode(code, plan) : encode(code, plan);
  close_namespace(code, plan);
  return code.take();
}

}  // namespace guestd::schema::cxx
