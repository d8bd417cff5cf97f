// SPDX-License-Identifier: Apache-2.0
#include "client/main/monitor_access.hpp"

#include <sys/stat.h>

#include <utility>
#include <variant>

namespace guestd::guestctl {
namespace {

bool is_same_socket(const std::string& one, const std::string& other) {
  if (one.empty() || other.empty()) return false;
  struct stat first {};
  struct stat second {};
  return one == other || (::stat(one.c_str(), &first) == 0 && ::stat(other.c_str(), &second) == 0 &&
                          first.st_dev == second.st_dev && first.st_ino == second.st_ino);
}

bool is_meant(const Context& context, const client::Machine& machine) {
  if (!context.monitor.empty()) return is_same_socket(context.monitor, machine.monitor);
  if (!context.endpoint) return !machine.of_other_user;
  if (const auto* const unix = std::get_if<client::UnixEndpoint>(&*context.endpoint)) {
    return machine.agent && is_same_socket(unix->path, machine.agent->socket);
  }
  const auto* const libvirt = std::get_if<client::LibvirtEndpoint>(&*context.endpoint);
  return libvirt != nullptr && (libvirt->domain == machine.name || libvirt->domain == machine.uuid);
}

}  // namespace

std::optional<client::Machine> meant_machine(const Context& context, const std::vector<client::Machine>& machines) {
  const client::Machine* found = nullptr;
  for (const client::Machine& machine : machines) {
    if (!is_meant(context, machine)) continue;
    if (found != nullptr) return std::nullopt;
    found = &machine;
  }
  if (found == nullptr) return std::nullopt;
  return *found;
}

Result<std::string> monitor_path(const Context& context, const std::vector<client::Machine>& machines) {
  if (!context.monitor.empty()) return context.monitor;
  const auto machine = meant_machine(context, machines);
  if (machine && !machine->monitor.empty()) return machine->monitor;
  if (machine) {
    return Error::unreachable("the machine " + machine->name +
                              " has no monitor that others can use; say where one is with --qmp PATH");
  }
  if (machines.size() > 1 && !context.endpoint) {
    return Error::unreachable("there are several machines; say which monitor with --qmp (`guestctl list` shows them)");
  }
  return Error::unreachable("no monitor of QEMU was found; say where it is with --qmp PATH");
}

client::MonitorOptions monitor_options(const Context& context) {
  client::MonitorOptions options;
  options.connect_timeout = context.limit_or(options.connect_timeout);
  options.call_timeout = context.limit_or(options.call_timeout);
  return options;
}

Result<std::unique_ptr<client::Monitor>> open_monitor(const Context& context) {
  const auto path =
      monitor_path(context, context.monitor.empty() ? client::find_machines() : std::vector<client::Machine>());
  if (!path) return path.error();
  return client::Monitor::open(*path, monitor_options(context));
}

Result<std::unique_ptr<client::Monitor>> open_monitor_if_any(const Context& context) {
  auto monitor = open_monitor(context);
  if (!monitor && context.monitor.empty()) return std::unique_ptr<client::Monitor>();
  return monitor;
}

}  // namespace guestd::guestctl
