// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/main/ask.hpp"
#include "client/main/verbs.hpp"
#include "client/terminal/table.hpp"
#include "client/terminal/units.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

constexpr std::int64_t kMostCpus = 65536;

std::int64_t number(std::string_view text) {
  std::int64_t value = -1;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || value < 0 || value >= kMostCpus) {
    throw CLI::ValidationError("'" + std::string(text) + "' is no list of CPUs, such as 1-3,6");
  }
  return value;
}

/// `1-3,6`
void add_cpus(std::string_view list, bool online, std::vector<agent::GuestLogicalProcessor>& cpus) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const std::string_view range = list.substr(0, comma);
    const auto dash = range.find('-');
    const std::int64_t first = number(range.substr(0, dash));
    const std::int64_t last = dash == std::string_view::npos ? first : number(range.substr(dash + 1));
    for (std::int64_t id = first; id <= last; ++id)
      cpus.push_back({.logical_id = id, .online = online, .can_offline = {}});
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
}

std::string cpus_table(const std::vector<agent::GuestLogicalProcessor>& cpus, const Context& context) {
  terminal::Table table({{"CPU", terminal::Table::Align::kRight}, {"STATE"}, {"CAN GO OFFLINE"}});
  for (const auto& cpu : cpus) {
    table.add({std::to_string(cpu.logical_id), cpu.online ? "online" : "offline",
               !cpu.can_offline   ? ""
               : *cpu.can_offline ? "yes"
                                  : "no"});
  }
  return table.text(context.style());
}

std::string load_line(const agent::GuestLoadAverage& load) {
  return "load average: " + terminal::decimal_text(load.load1m, 2) + ", " + terminal::decimal_text(load.load5m, 2) +
         ", " + terminal::decimal_text(load.load15m, 2) + "\n";
}

/// guest-set-vcpus may do only the first few, and says how many.
Result<int> set_cpus(client::Connection& connection, std::vector<agent::GuestLogicalProcessor> cpus) {
  while (!cpus.empty()) {
    auto done = agent::set_vcpus(connection, {.vcpus = cpus});
    if (!done) return std::move(done).error();
    if (*done <= 0 || *done > static_cast<std::int64_t>(cpus.size())) {
      return Error{"the agent did not say which of the CPUs it has changed"};
    }
    cpus.erase(cpus.begin(), cpus.begin() + *done);
  }
  return kExitDone;
}

Result<int> show_cpus(const Context& context) {
  auto connection = context.connect();
  if (!connection) return std::move(connection).error();
  auto agent = Capabilities::of(**connection);
  if (!agent) return std::move(agent).error();
  if (context.json) {
    return print_json(**connection, *agent,
                      {{"cpus", protocol::make_call<agent::calls::GetVcpus>({})},
                       {"statistics", protocol::make_call<agent::calls::GetCpustats>({})},
                       {"load", protocol::make_call<agent::calls::GetLoad>({})}});
  }
  auto cpus = agent::get_vcpus(**connection);
  if (!cpus) return std::move(cpus).error();
  std::ranges::sort(*cpus, {}, &agent::GuestLogicalProcessor::logical_id);
  print(cpus_table(*cpus, context));
  if (agent->has(agent::calls::GetLoad::kName)) {
    if (auto load = agent::get_load(**connection)) print(load_line(*load));
  }
  return kExitDone;
}

}  // namespace

Action define_cpu(CLI::App& app) {
  auto online = std::make_shared<std::string>();
  auto offline = std::make_shared<std::string>();
  app.add_option("--online", *online, "bring these CPUs online, such as 1-3,6")->type_name("LIST");
  app.add_option("--offline", *offline, "take these CPUs offline")->type_name("LIST");
  return [online, offline](Context& context) -> Result<int> {
    std::vector<agent::GuestLogicalProcessor> cpus;
    add_cpus(*online, true, cpus);
    add_cpus(*offline, false, cpus);
    if (cpus.empty()) return show_cpus(context);
    auto connection = context.connect(std::chrono::minutes(1));
    if (!connection) return std::move(connection).error();
    return set_cpus(**connection, std::move(cpus));
  };
}

}  // namespace guestd::guestctl
