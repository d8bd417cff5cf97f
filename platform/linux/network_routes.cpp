// SPDX-License-Identifier: Apache-2.0
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <utility>

#include "platform/netlink.hpp"
#include "platform/network.hpp"

namespace guestd::platform {
namespace {

using netlink::Attribute;
using netlink::for_each_attribute;
using netlink::leading;

IpAddress read_ip(IpVersion version, std::string_view value) {
  return {version, leading<std::array<std::uint8_t, 16>>(value.substr(0, version == IpVersion::k4 ? 4 : 16))};
}

// struct rtvia: the family, then the address.
std::optional<IpAddress> read_via(std::string_view value) {
  const auto family = leading<std::uint16_t>(value);
  if (value.size() < sizeof family || (family != AF_INET && family != AF_INET6)) return {};
  return read_ip(family == AF_INET ? IpVersion::k4 : IpVersion::k6, value.substr(sizeof family));
}

void read_metrics(std::string_view value, Route& route) {
  for_each_attribute(value, [&](const Attribute& attribute) {
    const auto number = leading<std::uint32_t>(attribute.value);
    if (attribute.type == RTAX_MTU) route.mtu = number;
    if (attribute.type == RTAX_ADVMSS) route.mss = number;
    if (attribute.type == RTAX_WINDOW) route.window = number;
    if (attribute.type == RTAX_RTT) route.rtt_eighths = number;
  });
}

void read_cache_info(std::string_view value, Route& route) {
  const auto info = leading<rta_cacheinfo>(value);
  route.users = info.rta_clntref;
  route.uses = info.rta_used;
  route.expires = info.rta_expires != 0;
}

/// What a route and each of its next stations may have.
void read_hop_attribute(const Attribute& attribute, Route& route) {
  if (attribute.type == RTA_GATEWAY) route.gateway = read_ip(route.destination.version, attribute.value);
  if (attribute.type == RTA_VIA) route.gateway = read_via(attribute.value);
}

void read_attribute(const Attribute& attribute, Route& route) {
  const auto version = route.destination.version;
  switch (attribute.type) {
    case RTA_DST:
      route.destination = read_ip(version, attribute.value);
      break;
    case RTA_SRC:
      route.source = read_ip(version, attribute.value);
      break;
    case RTA_OIF:
      route.link = leading<int>(attribute.value);
      break;
    case RTA_PREFSRC:
      route.preferred = read_ip(version, attribute.value);
      break;
    case RTA_PRIORITY:
      route.metric = leading<std::uint32_t>(attribute.value);
      break;
    case RTA_TABLE:
      route.table = leading<std::uint32_t>(attribute.value);
      break;
    case RTA_METRICS:
      read_metrics(attribute.value, route);
      break;
    case RTA_CACHEINFO:
      read_cache_info(attribute.value, route);
      break;
    case RTA_PREF:
      route.preference = leading<std::uint8_t>(attribute.value) & 3U;
      break;
    default:
      read_hop_attribute(attribute, route);
  }
}

/// Adds one route per next station of RTA_MULTIPATH: struct rtnexthop, then attributes; each tells its length.
bool add_hops(std::string_view hops, const Route& route, std::vector<Route>& routes) {
  while (!hops.empty()) {
    const auto header = leading<rtnexthop>(hops);
    if (header.rtnh_len < sizeof header || header.rtnh_len > hops.size()) return false;
    Route& hop = routes.emplace_back(route);
    hop.link = header.rtnh_ifindex;
    const auto attributes = hops.substr(sizeof header, header.rtnh_len - sizeof header);
    if (!for_each_attribute(attributes, [&](const Attribute& each) { read_hop_attribute(each, hop); })) return false;
    hops.remove_prefix(std::min<std::size_t>(RTNH_ALIGN(header.rtnh_len), hops.size()));
  }
  return true;
}

bool add_routes(std::string_view body, std::vector<Route>& routes) {
  if (body.size() < sizeof(rtmsg)) return false;
  const auto header = leading<rtmsg>(body);
  Route route;
  const auto version = header.rtm_family == AF_INET ? IpVersion::k4 : IpVersion::k6;
  route.destination.version = version;
  route.source.version = version;
  route.destination_prefix = header.rtm_dst_len;
  route.source_prefix = header.rtm_src_len;
  route.table = header.rtm_table;
  route.type = header.rtm_type;
  route.protocol = header.rtm_protocol;
  route.flags = header.rtm_flags;
  body.remove_prefix(sizeof header);
  std::string_view hops;
  const bool whole = for_each_attribute(body, [&](const Attribute& attribute) {
    if (attribute.type == RTA_MULTIPATH) hops = attribute.value;
    read_attribute(attribute, route);
  });
  if (!whole) return false;
  if (!hops.empty()) return add_hops(hops, route, routes);
  routes.push_back(route);
  return true;
}

// What /proc/net/route and /proc/net/ipv6_route list, but for policy tables, which need their number to make sense.
bool is_listed(const netlink::Message& message) {
  const auto header = leading<rtmsg>(message.body);
  if (message.type != RTM_NEWROUTE || (header.rtm_flags & RTM_F_CLONED) != 0) return false;
  if (header.rtm_family == AF_INET6) return header.rtm_table == RT_TABLE_MAIN || header.rtm_table == RT_TABLE_LOCAL;
  const bool is_cast = header.rtm_type == RTN_BROADCAST || header.rtm_type == RTN_MULTICAST;
  return header.rtm_family == AF_INET && header.rtm_table == RT_TABLE_MAIN && !is_cast;
}

bool is_default(const netlink::Message& message) {
  const auto header = leading<rtmsg>(message.body);
  return is_listed(message) && header.rtm_table == RT_TABLE_MAIN && header.rtm_dst_len == 0 &&
         header.rtm_src_len == 0 && header.rtm_type == RTN_UNICAST;
}

netlink::Keep filter_of(RouteSelection selection) {
  return selection == RouteSelection::kDefault ? is_default : is_listed;
}

}  // namespace

Result<std::vector<Route>> parse_routes(std::string_view dump, RouteSelection selection) {
  const auto is_selected = filter_of(selection);
  std::vector<Route> routes;
  const bool whole = netlink::for_each_message(dump, [&](const netlink::Message& message) {
    return !is_selected(message) || (add_routes(message.body, routes) && routes.size() <= limits::kNetworkRoutes);
  });
  if (routes.size() > limits::kNetworkRoutes) {
    return Error{"cannot list routes: there are more than " + std::to_string(limits::kNetworkRoutes)};
  }
  if (!whole) return Error{"cannot list routes: what the kernel sent is damaged"};
  return routes;
}

Result<std::vector<Route>> routes(const Root& root, RouteSelection selection) {
  const auto dump = netlink::dump(root, netlink::Table::kRoutes, filter_of(selection));
  if (!dump) return dump.error();
  return parse_routes(*dump, selection);
}

}  // namespace guestd::platform
