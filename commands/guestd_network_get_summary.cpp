// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/network.hpp"
#include "platform/network_roles.hpp"

namespace guestd::commands {
namespace {

using platform::IpVersion;
using platform::Link;
using platform::LinkAddress;
using platform::LinkRole;
using platform::OperationalState;
using platform::Route;

GuestdInterfaceKind kind_of(LinkRole role) {
  switch (role) {
    case LinkRole::kLoopback:
      return GuestdInterfaceKind::kLoopback;
    case LinkRole::kPhysical:
      return GuestdInterfaceKind::kPhysical;
    case LinkRole::kBridge:
      return GuestdInterfaceKind::kBridge;
    case LinkRole::kBond:
      return GuestdInterfaceKind::kBond;
    case LinkRole::kVlan:
      return GuestdInterfaceKind::kVlan;
    case LinkRole::kVeth:
      return GuestdInterfaceKind::kVeth;
    case LinkRole::kTunnel:
      return GuestdInterfaceKind::kTunnel;
    case LinkRole::kContainer:
      return GuestdInterfaceKind::kContainer;
    case LinkRole::kVirtual:
      break;
  }
  return GuestdInterfaceKind::kVirtual;
}

GuestdOperationalState state_of(OperationalState state) {
  switch (state) {
    case OperationalState::kUnknown:
      break;
    case OperationalState::kNotPresent:
      return GuestdOperationalState::kNotPresent;
    case OperationalState::kDown:
      return GuestdOperationalState::kDown;
    case OperationalState::kLowerLayerDown:
      return GuestdOperationalState::kLowerLayerDown;
    case OperationalState::kTesting:
      return GuestdOperationalState::kTesting;
    case OperationalState::kDormant:
      return GuestdOperationalState::kDormant;
    case OperationalState::kUp:
      return GuestdOperationalState::kUp;
  }
  return GuestdOperationalState::kUnknown;
}

std::optional<std::string> unless_empty(std::string text) {
  if (text.empty()) return {};
  return text;
}

/// The three tables of one moment, joined by the index of the interface.
struct Network {
  std::vector<Link> links;
  std::vector<LinkAddress> addresses;
  std::vector<Route> default_routes;

  std::unordered_map<int, const Link*> link_by_index;
  std::unordered_map<int, std::vector<const LinkAddress*>> addresses_of;
  std::unordered_map<int, std::vector<Route>> default_routes_of;

  [[nodiscard]] const LinkAddress* primary(int link, IpVersion version) const {
    const auto found = addresses_of.find(link);
    if (found == addresses_of.end()) return nullptr;
    return platform::primary_address(found->second, version, best_route(link, version));
  }
  [[nodiscard]] const Route* best_route(int link, IpVersion version) const {
    const auto found = default_routes_of.find(link);
    return found == default_routes_of.end() ? nullptr : platform::best_default_route(found->second, version);
  }
  [[nodiscard]] std::string name_of(int link) const {
    const auto found = link_by_index.find(link);
    return found == link_by_index.end() ? "" : found->second->name;
  }
};

// What the policy does not show is left out from the beginning, so that nothing names it.
Result<Network> read_network(const platform::Root& root, const AccessRules& access) {
  auto links = platform::links(root);
  if (!links) return std::move(links).error();
  auto addresses = platform::link_addresses(root);
  if (!addresses) return std::move(addresses).error();
  auto routes = platform::routes(root, platform::RouteSelection::kDefault);
  if (!routes) return std::move(routes).error();
  const auto is_unseen = [&](const Link& link) { return !access.shows_interface(link.name); };
  std::erase_if(*links, is_unseen);
  Network network{*std::move(links), *std::move(addresses), *std::move(routes), {}, {}, {}};
  for (const auto& link : network.links) network.link_by_index.emplace(link.index, &link);
  for (const auto& address : network.addresses) network.addresses_of[address.link].push_back(&address);
  for (const auto& route : network.default_routes) network.default_routes_of[route.link].push_back(route);
  return network;
}

std::optional<GuestIpAddress> address_of(const Network& network, int link, IpVersion version) {
  const LinkAddress* address = network.primary(link, version);
  if (address == nullptr) return {};
  const auto type = version == IpVersion::k4 ? GuestIpAddressType::kIpv4 : GuestIpAddressType::kIpv6;
  return GuestIpAddress{platform::to_text(address->address), type, address->prefix};
}

// Few interfaces need a look into sysfs: most say themselves what they are.
LinkRole role_of(const platform::Root& root, const Link& link) {
  const LinkRole role = platform::role_of(link, false);
  return role == LinkRole::kVirtual && platform::has_device(root, link.name) ? LinkRole::kPhysical : role;
}

GuestdInterfaceSummary summary_of(const platform::Root& root, const Network& network, const Link& link, LinkRole role) {
  GuestdInterfaceSummary summary;
  summary.name = link.name;
  summary.index = link.index;
  summary.kind = kind_of(role);
  summary.driver =
      unless_empty(role == LinkRole::kPhysical ? platform::device_driver(root, link.name) : std::string(link.kind));
  summary.state = state_of(link.state);
  summary.mtu = link.mtu;
  summary.hardware_address = unless_empty(platform::hardware_address(link));
  summary.master = unless_empty(network.name_of(link.master));
  const auto addresses = network.addresses_of.find(link.index);
  if (addresses != network.addresses_of.end()) {
    summary.address_count = static_cast<std::int64_t>(addresses->second.size());
  }
  summary.ipv4 = address_of(network, link.index, IpVersion::k4);
  summary.ipv6 = address_of(network, link.index, IpVersion::k6);
  if (network.best_route(link.index, IpVersion::k4) != nullptr) {
    summary.default_routes.push_back(GuestIpAddressType::kIpv4);
  }
  if (network.best_route(link.index, IpVersion::k6) != nullptr) {
    summary.default_routes.push_back(GuestIpAddressType::kIpv6);
  }
  return summary;
}

std::optional<GuestdDefaultRoute> default_route(const Network& network, IpVersion version) {
  const Route* best = platform::best_default_route(network.default_routes, version);
  if (best == nullptr || !network.link_by_index.contains(best->link)) return {};
  GuestdDefaultRoute route;
  route.interface = network.name_of(best->link);
  if (best->gateway) route.gateway = platform::to_text(*best->gateway);
  route.metric = best->metric;
  // Routing may name an address that is another interface's.
  if (best->preferred) {
    route.address = platform::to_text(*best->preferred);
  } else if (const auto* address = network.primary(best->link, version)) {
    route.address = platform::to_text(address->address);
  }
  return route;
}

bool is_wanted(GuestdInterfaceKind kind, const GuestdNetworkGetSummaryArgs& args) {
  return !args.kinds || std::find(args.kinds->begin(), args.kinds->end(), kind) != args.kinds->end();
}

}  // namespace

Result<GuestdNetworkGetSummaryResult> guestd_network_get_summary(Context& context,
                                                                 const GuestdNetworkGetSummaryArgs& args) {
  const auto settings = context.settings.now();
  const auto network = read_network(context.host.root, settings->access);
  if (!network) return network.error();
  GuestdNetworkSummary summary;
  summary.ipv4 = default_route(*network, IpVersion::k4);
  summary.ipv6 = default_route(*network, IpVersion::k6);
  for (const auto& link : network->links) {
    const LinkRole role = role_of(context.host.root, link);
    if (is_wanted(kind_of(role), args)) {
      summary.interfaces.push_back(summary_of(context.host.root, *network, link, role));
    }
  }
  return summary;
}

}  // namespace guestd::commands
