// SPDX-License-Identifier: Apache-2.0
#include <linux/ipv6_route.h>
#include <linux/route.h>
#include <linux/rtnetlink.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/network.hpp"

namespace guestd::commands {
namespace {

using platform::IpAddress;
using platform::IpVersion;
using platform::Route;

using LinkNames = std::unordered_map<int, std::string>;

// As /proc/net/route names what leads nowhere.
std::string name_of(const LinkNames& names, int link) {
  const auto found = names.find(link);
  return found == names.end() ? "*" : found->second;
}

bool is_rejected(const Route& route) { return route.type == RTN_UNREACHABLE || route.type == RTN_PROHIBIT; }

// fib_flag_trans() in net/ipv4/fib_trie.c.
std::uint64_t flags_of_v4(const Route& route) {
  std::uint64_t flags = RTF_UP;
  if (is_rejected(route)) flags |= RTF_REJECT;
  if (route.gateway) flags |= RTF_GATEWAY;
  if (route.destination_prefix == 32) flags |= RTF_HOST;
  return flags;
}

// What rtm_to_fib6_config() and fib6_info_init() in net/ipv6/route.c make of the same facts, the other way round.
std::uint64_t flags_of_v6(const Route& route) {
  const bool leads_nowhere = is_rejected(route) || route.type == RTN_BLACKHOLE || route.type == RTN_THROW;
  std::uint64_t flags = leads_nowhere ? RTF_REJECT | RTF_NONEXTHOP : RTF_UP;
  if (route.type == RTN_LOCAL) flags |= RTF_LOCAL | RTF_NONEXTHOP;
  if (route.type == RTN_ANYCAST) flags |= RTF_ANYCAST | RTF_NONEXTHOP;
  if (route.gateway) flags |= RTF_GATEWAY;
  if (route.protocol == RTPROT_RA) flags |= RTF_ADDRCONF;
  if (route.protocol == RTPROT_RA && route.gateway && route.destination_prefix == 0) flags |= RTF_DEFAULT;
  if ((route.flags & RTM_F_PREFIX) != 0) flags |= RTF_PREFIX_RT;
  if (route.expires) flags |= RTF_EXPIRES;
  return flags | static_cast<std::uint64_t>(RTF_PREF(route.preference));
}

// /proc/net/route tells the MTU that follows from the segment size; the route's own says more.
std::int64_t mtu_of(const Route& route) {
  constexpr std::uint32_t kTcpAndIpHeader = 40;
  if (route.mtu != 0) return route.mtu;
  return route.mss == 0 ? 0 : std::int64_t{route.mss} + kTcpAndIpHeader;
}

void add_v4(const Route& route, GuestNetworkRoute& entry) {
  const bool is_v4 = route.gateway && route.gateway->version == IpVersion::k4;
  entry.gateway = platform::to_text(is_v4 ? *route.gateway : IpAddress{});
  if (route.gateway && !is_v4) entry.nexthop = platform::to_text(*route.gateway);
  entry.mask = platform::to_text(platform::mask_of(route.destination_prefix));
  entry.flags = flags_of_v4(route);
  entry.mtu = mtu_of(route);
  entry.window = route.window;
  entry.irtt = route.rtt_eighths >> 3U;
}

void add_v6(const Route& route, GuestNetworkRoute& entry) {
  entry.desprefixlen = std::to_string(route.destination_prefix);
  entry.source = platform::to_text(route.source);
  entry.srcprefixlen = std::to_string(route.source_prefix);
  entry.nexthop = platform::to_text(route.gateway.value_or(IpAddress{IpVersion::k6, {}}));
  entry.flags = flags_of_v6(route);
}

GuestNetworkRoute entry_of(const Route& route, const LinkNames& names) {
  GuestNetworkRoute entry;
  entry.iface = name_of(names, route.link);
  entry.destination = platform::to_text(route.destination);
  entry.metric = route.metric;
  entry.refcnt = route.users;
  entry.use = route.uses;
  entry.version = static_cast<std::int64_t>(route.destination.version);
  route.destination.version == IpVersion::k4 ? add_v4(route, entry) : add_v6(route, entry);
  return entry;
}

}  // namespace

Result<NetworkGetRouteResult> network_get_route(Context& context) {
  const auto routes = platform::routes(context.host.root, platform::RouteSelection::kListed);
  if (!routes) return routes.error();
  const auto links = platform::links(context.host.root);
  if (!links) return links.error();
  LinkNames names;
  for (const auto& link : *links) names.emplace(link.index, link.name);
  NetworkGetRouteResult entries;
  entries.reserve(routes->size());
  const auto settings = context.settings.now();
  for (const auto& route : *routes) {
    auto entry = entry_of(route, names);
    if (settings->access.shows_interface(entry.iface)) entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace guestd::commands
