// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/main/command_schema.hpp"
#include "client/main/json_text.hpp"
#include "client/main/monitor_access.hpp"
#include "client/main/options.hpp"
#include "client/main/verbs.hpp"
#include "generated/qmp/calls.hpp"

namespace guestd::guestctl {
namespace {

struct QmpOptions {
  std::string command;
  std::vector<std::string> arguments;
  bool unchecked = false;
};

/// Takes the properties of whatever device it adds, of which the schema knows nothing; QEMU checks them itself.
constexpr std::string_view kOpenEnded = "device_add";

/// What this QEMU says of itself.
Result<std::unique_ptr<CommandSchema>> schema_of(client::Monitor& monitor) {
  const auto reply = monitor.call(protocol::make_call<qmp::calls::QueryQmpSchema>({}));
  if (!reply) return reply.error();
  const auto entries = protocol::returned(**reply);
  if (!entries) return entries.error();
  auto document = protocol::JsonDocument::parse(protocol::Buffer(json_line(*entries)));
  if (!document) return std::move(document).error().with_context("the schema of QEMU");
  return std::make_unique<CommandSchema>(*std::move(document));
}

Result<std::string> checked_arguments(const QmpOptions& options, client::Monitor& monitor) {
  if (options.unchecked || options.command == kOpenEnded) return arguments_json(options.arguments, nullptr, "");
  const auto schema = schema_of(monitor);
  if (!schema) return schema.error();
  const auto type = (*schema)->argument_type(options.command);
  if (!type) throw CLI::ValidationError("this QEMU has no command " + options.command);
  auto arguments = arguments_json(options.arguments, schema->get(), *type);
  if (!arguments) throw CLI::ValidationError(std::move(arguments).error().with_context(options.command).text);
  return arguments;
}

Result<int> run_qmp(const QmpOptions& options, const Context& context) {
  const auto monitor = open_monitor(context);
  if (!monitor) return monitor.error();
  auto arguments = checked_arguments(options, **monitor);
  if (!arguments) return std::move(arguments).error();
  const auto reply = (*monitor)->call({options.command, *arguments, true});
  if (!reply) return reply.error();
  const auto value = protocol::returned(**reply);
  if (!value) return value.error();
  print((context.json ? json_line(*value) : json_indented(*value)) + "\n");
  return kExitDone;
}

}  // namespace

Action define_qmp(CLI::App& app) {
  auto options = std::make_shared<QmpOptions>();
  app.add_option("COMMAND", options->command, "name of the command, such as query-status")
      ->required()
      ->check(must_be_utf8);
  app.add_option("ARGUMENT", options->arguments, "NAME=VALUE, or all arguments as one JSON object")
      ->check(must_be_utf8);
  app.add_flag("--unchecked", options->unchecked, "send the arguments as they are");
  return [options](Context& context) { return run_qmp(*options, context); };
}

}  // namespace guestd::guestctl
