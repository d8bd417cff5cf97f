// SPDX-License-Identifier: Apache-2.0
#include "platform/network_roles.hpp"

#include <linux/if_addr.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

namespace guestd::platform {
namespace {

using namespace std::string_view_literals;

// Kinds of links (`man ip-link`, TYPE) by what they are.
constexpr std::array kBonds{"bond"sv, "team"sv};
constexpr std::array kTunnels{"amt"sv,     "bareudp"sv,   "erspan"sv, "geneve"sv,    "gre"sv,    "gretap"sv,
                              "gtp"sv,     "ip6erspan"sv, "ip6gre"sv, "ip6gretap"sv, "ip6tnl"sv, "ipip"sv,
                              "l2tpeth"sv, "ovpn"sv,      "ppp"sv,    "sit"sv,       "vti"sv,    "vti6"sv,
                              "vxlan"sv,   "wireguard"sv, "xfrm"sv,   "ipoe"sv};

// Names that engines give to what they make: Docker, Podman and nerdctl, CNI plugins, LXC and LXD, Kubernetes' network
// plugins. A bridge of libvirt or one made by hand is none of these.
constexpr std::array kContainerNames{"antrea-"sv, "cali"sv,     "cbr0"sv,         "cilium_"sv, "cni"sv,
                                     "docker"sv,  "flannel."sv, "incusbr"sv,      "kube-"sv,   "lxc"sv,
                                     "lxdbr"sv,   "nerdctl"sv,  "nodelocaldns"sv, "podman"sv,  "vxlan.calico"sv,
                                     "weave"sv,   "lxc_"sv};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Docker calls the bridges of its networks br- and the first twelve digits of their id.
bool is_docker_bridge(const Link& link) {
  constexpr std::size_t kDigits = 12;
  const std::string_view name = link.name;
  return link.kind == "bridge" && name.size() == 3 + kDigits && name.starts_with("br-") &&
         name.find_first_not_of("0123456789abcdef", 3) == std::string_view::npos;
}

bool is_of_containers(const Link& link) {
  if (link.kind.empty()) return false;
  if (link.kind == "veth" && link.lower_is_elsewhere) return true;
  const auto begins_name = [&](std::string_view prefix) { return link.name.starts_with(prefix); };
  return is_docker_bridge(link) || std::any_of(kContainerNames.begin(), kContainerNames.end(), begins_name);
}

// fc00::/7, RFC 4193.
bool is_unique_local(const IpAddress& address) {
  return address.version == IpVersion::k6 && (address.bytes[0] & 0xFEU) == 0xFCU;
}

bool is_named_by(const Route* route, const LinkAddress& address) {
  if (route == nullptr) return false;
  if (route->preferred) return *route->preferred == address.address;
  return route->gateway && share_prefix(*route->gateway, address.address, address.prefix);
}

/// Smaller is better, from left to right.
auto rank(const LinkAddress& address, const Route* route) {
  constexpr std::uint32_t kUnusable = IFA_F_TENTATIVE | IFA_F_DADFAILED;
  // IFA_F_SECONDARY of version 4 and IFA_F_TEMPORARY of version 6 are the same bit.
  return std::tuple((address.flags & kUnusable) != 0, address.scope, !is_named_by(route, address),
                    (address.flags & IFA_F_DEPRECATED) != 0, (address.flags & IFA_F_TEMPORARY) != 0,
                    is_unique_local(address.address));
}

}  // namespace

LinkRole role_of(const Link& link, bool has_device) {
  if ((link.flags & IFF_LOOPBACK) != 0) return LinkRole::kLoopback;
  if (is_of_containers(link)) return LinkRole::kContainer;
  if (link.kind == "bridge" || link.kind == "openvswitch") return LinkRole::kBridge;
  if (contains(kBonds, link.kind)) return LinkRole::kBond;
  if (link.kind == "vlan") return LinkRole::kVlan;
  if (link.kind == "veth") return LinkRole::kVeth;
  if (contains(kTunnels, link.kind) || (link.kind == "tun" && !link.is_tap)) return LinkRole::kTunnel;
  return has_device ? LinkRole::kPhysical : LinkRole::kVirtual;
}

const Route* best_default_route(const std::vector<Route>& default_routes, IpVersion version) {
  // ICMPV6_ROUTER_PREF_...: 0 medium, 1 high, 3 low.
  const auto cost = [](const Route& route) {
    constexpr std::array<int, 4> kCosts{1, 0, 1, 2};
    return std::tuple(route.metric, kCosts[route.preference & 3U]);
  };
  const Route* best = nullptr;
  for (const auto& route : default_routes) {
    if (route.destination.version != version) continue;
    if (best == nullptr || cost(route) < cost(*best)) best = &route;
  }
  return best;
}

const LinkAddress* primary_address(const std::vector<const LinkAddress*>& addresses, IpVersion version,
                                   const Route* route) {
  const LinkAddress* best = nullptr;
  for (const auto* address : addresses) {
    if (address->address.version != version) continue;
    if (best == nullptr || rank(*address, route) < rank(*best, route)) best = address;
  }
  return best;
}

}  // namespace guestd::platform
