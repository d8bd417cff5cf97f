// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/main/ask.hpp"
#include "client/main/capabilities.hpp"
#include "client/main/verbs.hpp"
#include "client/terminal/escape.hpp"
#include "client/terminal/table.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

struct InfoOptions {
  bool commands = false;
};

bool has_command(const agent::GuestAgentInfo& info, std::string_view name) {
  return std::ranges::any_of(info.supported_commands,
                             [&](const auto& command) { return command.name == name && command.enabled; });
}

std::string line(const Context& context, std::string_view title, std::string_view text) {
  std::string head(title);
  head.resize(12, ' ');
  return context.style().bold(head) + terminal::printable(text) + "\n";
}

std::string commands_text(const agent::GuestAgentInfo& info) {
  const auto enabled =
      std::ranges::count_if(info.supported_commands, [](const auto& command) { return command.enabled; });
  const auto all = static_cast<std::ptrdiff_t>(info.supported_commands.size());
  std::string text = std::to_string(enabled);
  if (enabled < all) text += ", and " + std::to_string(all - enabled) + " disabled";
  return text;
}

std::string kernel(const agent::GuestOSInfo& system) {
  std::string text = system.kernel_release.value_or("");
  if (system.machine) text += (text.empty() ? "" : " ") + *system.machine;
  return text;
}

/// What the agent tells of the system, as far as it is allowed to.
struct Facts {
  std::optional<agent::GuestOSInfo> system;
  std::optional<std::string> host_name;
};

Facts facts_of(client::Connection& connection, const agent::GuestAgentInfo& info) {
  Facts facts;
  if (has_command(info, agent::calls::GetOsinfo::kName)) {
    if (auto system = agent::get_osinfo(connection)) facts.system = *std::move(system);
  }
  if (has_command(info, agent::calls::GetHostName::kName)) {
    if (auto name = agent::get_host_name(connection)) facts.host_name = std::move(name->host_name);
  }
  return facts;
}

std::string commands_table(const agent::GuestAgentInfo& info, const Context& context) {
  terminal::Table table({{"COMMAND"}, {"STATE"}});
  auto commands = info.supported_commands;
  std::ranges::sort(commands, {}, [](const auto& command) { return command.name; });
  for (const auto& command : commands) table.add({command.name, command.enabled ? "enabled" : "disabled"});
  return table.text(context.style());
}

void print_facts(const agent::GuestAgentInfo& info, const Facts& facts, const Context& context) {
  const bool guestd = std::ranges::any_of(info.supported_commands,
                                          [](const auto& command) { return command.name.starts_with("guestd-"); });
  std::string text = line(context, "Agent", guestd ? "guestd (as qemu-ga " + info.version + ")" : info.version);
  text += line(context, "Commands", commands_text(info));
  if (facts.host_name) text += line(context, "Host name", *facts.host_name);
  if (facts.system) {
    if (facts.system->pretty_name) text += line(context, "System", *facts.system->pretty_name);
    text += line(context, "Kernel", kernel(*facts.system));
  }
  print(text);
}

/// The replies as they came, by the name of what they tell.
Result<int> print_all(client::Connection& connection) {
  auto agent = Capabilities::of(connection);
  if (!agent) return std::move(agent).error();
  return print_json(connection, *agent,
                    {{"agent", protocol::make_call<agent::calls::Info>({})},
                     {"system", protocol::make_call<agent::calls::GetOsinfo>({})},
                     {"host", protocol::make_call<agent::calls::GetHostName>({})}});
}

Result<int> run_info(const InfoOptions& options, Context& context) {
  auto connection = context.connect();
  if (!connection) return std::move(connection).error();
  if (context.json) return print_all(**connection);
  auto info = agent::info(**connection);
  if (!info) return std::move(info).error();
  if (options.commands) {
    print(commands_table(*info, context));
    return kExitDone;
  }
  print_facts(*info, facts_of(**connection, *info), context);
  return kExitDone;
}

}  // namespace

Action define_info(CLI::App& app) {
  auto options = std::make_shared<InfoOptions>();
  app.add_flag("--commands", options->commands, "list the agent's commands");
  return [options](Context& context) { return run_info(*options, context); };
}

}  // namespace guestd::guestctl
