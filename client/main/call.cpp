// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/main/command_schema.hpp"
#include "client/main/json_text.hpp"
#include "client/main/options.hpp"
#include "client/main/verbs.hpp"
#include "generated/agent/calls.hpp"
#include "generated/agent/introspection.hpp"
#include "protocol/buffer.hpp"

namespace guestd::guestctl {
namespace {

struct CallOptions {
  std::string command;
  std::vector<std::string> arguments;
  bool unchecked = false;
};

/// The schema that guestctl was built with.
std::unique_ptr<CommandSchema> own_schema() {
  std::string text = "[";
  std::string_view lines = agent::introspection();
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    text += (text.size() > 1 ? "," : "") + std::string(lines.substr(0, end));
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
  auto document = protocol::JsonDocument::parse(protocol::Buffer(text + "]"));
  if (!document) return nullptr;
  return std::make_unique<CommandSchema>(*std::move(document));
}

/// What the agent says of itself; nothing if it does not.
std::unique_ptr<CommandSchema> schema_of(client::Connection& connection) {
  auto reply = connection.call(protocol::make_call<agent::calls::GuestdGetSchema>({}));
  if (!reply || !*reply) return nullptr;
  const auto returned = protocol::returned(**reply);
  if (!returned) return nullptr;
  auto document = protocol::JsonDocument::parse(protocol::Buffer(json_line(*returned)));
  if (!document) return nullptr;
  return std::make_unique<CommandSchema>(*std::move(document));
}

/// On success these commands say nothing (commands.md).
bool answers_success(std::string_view command) {
  constexpr std::array<std::string_view, 4> kSilent{agent::calls::Shutdown::kName, agent::calls::SuspendDisk::kName,
                                                    agent::calls::SuspendRam::kName,
                                                    agent::calls::SuspendHybrid::kName};
  return std::find(kSilent.begin(), kSilent.end(), command) == kSilent.end();
}

Error usage(const CallOptions& options, Error error) {
  throw CLI::ValidationError(std::move(error).with_context(options.command).text);
}

Result<int> run_call(const CallOptions& options, Context& context) {
  std::unique_ptr<CommandSchema> schema = options.unchecked ? nullptr : own_schema();
  const bool known = schema && schema->has_command(options.command);
  std::string arguments;
  const auto build = [&]() -> Result<void> {
    const bool checked = schema && schema->has_command(options.command);
    const std::string_view type = checked ? *schema->argument_type(options.command) : std::string_view();
    auto built = arguments_json(options.arguments, checked ? schema.get() : nullptr, type);
    if (!built) return usage(options, std::move(built).error());
    arguments = *std::move(built);
    return {};
  };
  // A mistake is told before anybody is bothered.
  if (known) {
    if (auto built = build(); !built) return std::move(built).error();
  }
  auto connection = context.connect();
  if (!connection) return std::move(connection).error();
  if (!known) {
    if (!options.unchecked) schema = schema_of(**connection);
    if (auto built = build(); !built) return std::move(built).error();
  }
  auto reply = (*connection)->call({options.command, arguments, answers_success(options.command)});
  if (!reply) return std::move(reply).error();
  if (!*reply) return kExitDone;
  const auto value = protocol::returned(**reply);
  if (!value) return value.error();
  print((context.json ? json_line(*value) : json_indented(*value)) + "\n");
  return kExitDone;
}

}  // namespace

Action define_call(CLI::App& app) {
  auto options = std::make_shared<CallOptions>();
  app.add_option("COMMAND", options->command, "name of the command, such as guest-get-time")
      ->required()
      ->check(must_be_utf8);
  app.add_option("ARGUMENT", options->arguments, "NAME=VALUE, or all arguments as one JSON object")
      ->check(must_be_utf8);
  app.add_flag("--unchecked", options->unchecked, "send the arguments as they are");
  return [options](Context& context) { return run_call(*options, context); };
}

}  // namespace guestd::guestctl
