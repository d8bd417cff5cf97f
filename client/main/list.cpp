// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "client/lib/machines.hpp"
#include "client/main/verbs.hpp"
#include "client/terminal/table.hpp"
#include "protocol/json_writer.hpp"

namespace guestd::guestctl {
namespace {

void add_text(protocol::JsonWriter& out, const char* key, const std::string& value) {
  if (value.empty()) return;
  out.key(key);
  out.string(value);
}

void write_json(const std::vector<client::Machine>& machines) {
  protocol::JsonWriter out;
  out.begin_array();
  for (const client::Machine& machine : machines) {
    out.begin_object();
    add_text(out, "name", machine.name);
    add_text(out, "uuid", machine.uuid);
    if (machine.pid) {
      out.key("pid");
      out.integer(*machine.pid);
    }
    if (machine.agent) add_text(out, "agent", machine.agent->socket);
    add_text(out, "monitor", machine.monitor);
    add_text(out, "found-by", machine.found_by);
    out.end_object();
  }
  out.end_array();
  print(out.take_text() + "\n");
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string agent_text(const client::Machine& machine) {
  if (!machine.agent) return "no port";
  return machine.agent->socket.empty() ? "no socket" : machine.agent->socket;
}

Result<int> run_list(const Context& context) {
  const auto machines = client::find_machines();
  if (context.json) {
    write_json(machines);
    return kExitDone;
  }
  using Align = terminal::Table::Align;
  terminal::Table table({{"NAME"}, {"PID", Align::kRight}, {"AGENT"}, {"MONITOR"}, {"FOUND BY"}});
  for (const client::Machine& machine : machines) {
    table.add({or_dash(machine.name), machine.pid ? std::to_string(*machine.pid) : "-", agent_text(machine),
               or_dash(machine.monitor), machine.found_by});
  }
  if (!table.empty()) print(table.text(context.style()));
  return kExitDone;
}

}  // namespace

Action define_list(CLI::App&) {
  return [](Context& context) { return run_list(context); };
}

}  // namespace guestd::guestctl
