// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "platform/network.hpp"

/// What an interface is for, and by which address a guest is reached: conclusions from the tables of network.hpp. Pure.
namespace guestd::platform {

enum class LinkRole {
  kLoopback,
  kPhysical,  ///< has a device, which may be one of the host's making (virtio, vmxnet)
  kBridge,
  kBond,  ///< bond or team
  kVlan,
  kVeth,       ///< both ends in this network namespace
  kTunnel,     ///< carries packets inside other packets: WireGuard, VXLAN, GRE, VPN programs (tun)...
  kContainer,  ///< made for containers: a veth whose other end is in one, or a name that container engines give
  kVirtual,    ///< all else: dummy, tap, macvlan, VRF...
};

LinkRole role_of(const Link& link, bool has_device);

/// The route that packets to anywhere take: lowest metric, and of these the first, of the one with the highest
/// preference. Nothing if there is none.
const Route* best_default_route(const std::vector<Route>& default_routes, IpVersion version);

/// The address by which others should reach an interface: of `addresses` (all of one interface) the one of `version`
/// with the widest scope; of those the one that routing names, or that is in a network with the gateway of `route`
/// (may be null); then none that is temporary, deprecated, not yet usable, secondary, or of a private range of version
/// 6; then the first. Nothing if there is no address of this version.
const LinkAddress* primary_address(const std::vector<const LinkAddress*>& addresses, IpVersion version,
                                   const Route* route);

}  // namespace guestd::platform
