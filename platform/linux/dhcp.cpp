// SPDX-License-Identifier: Apache-2.0
#include "platform/dhcp.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "platform/find_program.hpp"

namespace guestd::platform {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLinks = 64;  // with more than that, the first ones

bool exists(const Root& root, const std::string& path) { return root.open(path, O_PATH).has_value(); }

std::string count_text(std::string_view service, std::size_t links) {
  return std::string(service) + ": " + std::to_string(links) + (links == 1 ? " link" : " links");
}

// org.freedesktop.network1(5)
BusCall networkd_call(std::string method, std::vector<BusArgument> arguments = {}) {
  return {"org.freedesktop.network1", "/org/freedesktop/network1", "org.freedesktop.network1.Manager",
          std::move(method),          std::move(arguments),        2s};
}

/// The number of a link out of ListLinks; nothing for loopback, which has no lease.
std::optional<std::int32_t> link_number(const BusValue& row) {
  const auto* columns = row.list();
  if (columns == nullptr || columns->size() < 2) return std::nullopt;
  const auto* number = std::get_if<std::int64_t>(&(*columns)[0].value);
  const std::string* name = (*columns)[1].text();
  if (number == nullptr || name == nullptr || *name == "lo") return std::nullopt;
  if (*number <= 0 || *number > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return static_cast<std::int32_t>(*number);
}

Result<std::string> renew_by_networkd(const SystemBus& bus) {
  const auto connection = bus.connect();
  if (!connection) return connection.error();
  const auto links = (*connection)->call(networkd_call("ListLinks"));
  if (!links) return links.error();
  const auto* rows = links->size() == 1 ? links->front().list() : nullptr;
  if (rows == nullptr) return Error{"systemd-networkd does not list its links"};
  std::size_t renewed = 0;
  std::size_t asked = 0;
  Error last{"systemd-networkd has no links"};
  for (const BusValue& row : *rows) {
    const auto number = link_number(row);
    if (!number || ++asked > kLinks) continue;
    // Links that it does not manage are refused; that is none of our business as long as it manages any.
    const auto answer = (*connection)->call(networkd_call("RenewLink", {*number}));
    if (answer) {
      ++renewed;
    } else {
      last = answer.error();
    }
  }
  if (renewed == 0) return last;
  return count_text("systemd-networkd", renewed);
}

Result<ProgramEnd> run(Programs& programs, const std::string& path, std::vector<std::string> arguments) {
  ProgramCall call;
  call.path = path;
  call.arguments = std::move(arguments);
  call.time_limit = 30s;
  call.output_bytes = std::size_t{64} << 10U;
  auto end = programs.run(call);
  if (!end || end->succeeded()) return end;
  std::string text = path + ": " + end->describe();
  if (const std::string said = end->last_lines(); !said.empty()) text += ": " + said;
  return Error{std::move(text)};
}

Result<std::string> renew_by_network_manager(Programs& programs, const std::string& nmcli) {
  const auto shown = run(programs, nmcli, {"-t", "-f", "UUID,TYPE,DEVICE", "connection", "show", "--active"});
  if (!shown) return shown.error();
  const auto connections = parse_active_connections(shown->output);
  if (connections.empty()) return Error{"NetworkManager has no active connection"};
  std::size_t renewed = 0;
  std::optional<Error> failed;
  for (const auto& [uuid, device] : connections) {
    auto up = run(programs, nmcli, {"--wait", "20", "connection", "up", "uuid", uuid, "ifname", device});
    if (up) {
      ++renewed;
    } else {
      failed = std::move(up).error();
    }
    if (renewed == kLinks) break;
  }
  if (failed) return *failed;
  return count_text("NetworkManager", renewed);
}

}  // namespace

std::vector<ActiveConnection> parse_active_connections(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kWithLeases = {
      "802-3-ethernet", "802-11-wireless", "bond", "bridge", "team", "vlan"};
  std::vector<ActiveConnection> connections;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    // No colon in the first two; in the name of a device it has a backslash before it, and such devices are left out.
    const auto first = line.find(':');
    const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos || line.find('\\') != std::string_view::npos) continue;
    const std::string_view uuid = line.substr(0, first);
    const std::string_view type = line.substr(first + 1, second - first - 1);
    const std::string_view device = line.substr(second + 1);
    if (uuid.empty() || device.empty() || uuid.front() == '-' || device.front() == '-') continue;
    for (const std::string_view known : kWithLeases) {
      if (type == known) connections.push_back({std::string(uuid), std::string(device)});
    }
  }
  return connections;
}

Result<std::string> renew_leases(const Root& root, const SystemBus& bus, Programs& programs) {
  // Folders that the services make for themselves when they start.
  if (exists(root, "/run/systemd/netif")) {
    auto renewed = renew_by_networkd(bus);
    if (renewed || renewed.error().kind != Error::Kind::kUnsupported) return renewed;
  }
  const auto nmcli = find_program(root, "nmcli");
  if (nmcli && exists(root, "/run/NetworkManager")) return renew_by_network_manager(programs, *nmcli);
  const auto dhcpcd = find_program(root, "dhcpcd");
  if (dhcpcd && (exists(root, "/run/dhcpcd/pid") || exists(root, "/run/dhcpcd.pid"))) {
    const auto end = run(programs, *dhcpcd, {"-n"});
    if (!end) return end.error();
    return std::string("dhcpcd: all links");
  }
  return Error::unsupported("no service runs that can renew leases (systemd-networkd, NetworkManager, dhcpcd)");
}

}  // namespace guestd::platform
