// SPDX-License-Identifier: Apache-2.0
#include "tests/schema/tiny_agent.hpp"

#include <algorithm>

#include "generated/tiny/commands.hpp"

namespace guestd::tiny {

using commands::Context;

Result<PutResult> put(Context& context, const PutArgs& args) {
  context.put = args;
  if (context.error) return *context.error;
  return args.boxes.empty() ? Box{} : args.boxes.front();
}

Result<DrawResult> draw(Context& context, const DrawArgs& args) {
  context.draw = args;
  return context.shapes;
}

Result<SendResult> send(Context& context, const SendArgs& args) {
  if (!args.data) return {};
  const auto bytes = args.data->decode();
  if (!bytes) return bytes.error();
  context.sent = std::string(bytes->size(), '\0');
  std::transform(bytes->begin(), bytes->end(), context.sent->begin(),
                 [](std::byte byte) { return static_cast<char>(byte); });
  return {};
}

Result<ReceiveResult> receive(Context& context) { return context.bytes; }

Result<NumbersResult> numbers(Context& context, const NumbersArgs& args) {
  context.numbers = args;
  return NumbersResult{args.a, args.d};
}

Result<NothingElseResult> nothing_else(Context& context) { return context.where; }

Result<MaybeResult> maybe(Context&, const MaybeArgs& args) { return Named{std::to_string(args.number)}; }

std::optional<MaybeResult> maybe_at_once(Context& context, const MaybeArgs& args) {
  if (!context.at_hand) return std::nullopt;
  return Named{*context.at_hand + std::to_string(args.number)};
}

Result<std::optional<PatientResult>> patient(Context& context, const PatientArgs& args, protocol::Waiting& waiting) {
  if (args.number < 0) return Error{"a negative number"};
  if (context.at_hand || waiting.is_over) return std::optional(Named{context.at_hand.value_or("over")});
  waiting.limit = std::chrono::milliseconds(args.number);
  waiting.wake();
  return std::optional<PatientResult>();
}

std::string call(Context& context, std::string_view name, std::string_view arguments, protocol::ReplySink* sink) {
  const auto table = protocol::command_table();
  const auto entry = std::find_if(table.begin(), table.end(), [&](const auto& each) { return each.name == name; });
  if (entry == table.end() || entry->run == nullptr) return "no such command";
  protocol::JsonWriter writer(sink);
  Result<void> result;
  if (arguments.empty()) {
    result = entry->run(context, nullptr, writer);
  } else {
    const auto document = protocol::JsonDocument::parse(protocol::Buffer(arguments));
    if (!document) return "bad JSON: " + document.error().text;
    const auto root = document->root();
    result = entry->run(context, &root, writer);
  }
  return result ? writer.take_text() : "error: " + result.error().text;
}

std::optional<std::string> call_at_once(Context& context, std::string_view name, std::string_view arguments) {
  const auto table = protocol::command_table();
  const auto entry = std::find_if(table.begin(), table.end(), [&](const auto& each) { return each.name == name; });
  const auto document = protocol::JsonDocument::parse(protocol::Buffer(arguments));
  if (entry == table.end() || entry->run_at_once == nullptr || !document) return "no such command";
  const auto root = document->root();
  protocol::JsonWriter writer;
  if (!entry->run_at_once(context, &root, writer)) return std::nullopt;
  return writer.take_text();
}

std::optional<std::string> call_waiting(Context& context, std::string_view name, std::string_view arguments,
                                        protocol::Waiting& waiting) {
  const auto table = protocol::command_table();
  const auto entry = std::find_if(table.begin(), table.end(), [&](const auto& each) { return each.name == name; });
  const auto document = protocol::JsonDocument::parse(protocol::Buffer(arguments));
  if (entry == table.end() || entry->run_waiting == nullptr || !document) return "no such command";
  const auto root = document->root();
  protocol::JsonWriter writer;
  const auto done = entry->run_waiting(context, &root, writer, waiting);
  if (!done) return "error: " + done.error().text;
  return *done ? std::optional(writer.take_text()) : std::nullopt;
}

}  // namespace guestd::tiny
