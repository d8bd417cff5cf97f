// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/root.hpp"

/// Interfaces, their addresses, and routes of the network namespace that the agent runs in, from rtnetlink(7). The
/// parse_ functions take the bytes of a dump (platform/netlink.hpp); an error means that these are no such dump.
/// Numbers that the kernel gives are told as they are: unsigned, with all their bits.
namespace guestd::platform {

enum class IpVersion : std::uint8_t { k4 = 4, k6 = 6 };

struct IpAddress {
  IpVersion version = IpVersion::k4;
  std::array<std::uint8_t, 16> bytes{};  ///< of version 4 the first four; the others are 0
  bool operator==(const IpAddress&) const = default;
};

/// inet_ntop(3).
std::string to_text(const IpAddress& address);
/// The mask that leaves `length` bits of an address of version 4, such as 255.255.255.0.
IpAddress mask_of(unsigned length);
/// Whether the first `length` bits of both are the same.
bool share_prefix(const IpAddress& left, const IpAddress& right, unsigned length);

/// As /proc/net/dev counts them (Linux, net/core/net-procfs.c).
struct LinkStatistics {
  std::uint64_t rx_bytes = 0;
  std::uint64_t rx_packets = 0;
  std::uint64_t rx_errors = 0;
  std::uint64_t rx_dropped = 0;  ///< those included for which the device had no room
  std::uint64_t tx_bytes = 0;
  std::uint64_t tx_packets = 0;
  std::uint64_t tx_errors = 0;
  std::uint64_t tx_dropped = 0;
};

/// Of RFC 2863, in the order of the kernel's numbers (IF_OPER_UNKNOWN...).
enum class OperationalState : std::uint8_t { kUnknown, kNotPresent, kDown, kLowerLayerDown, kTesting, kDormant, kUp };

/// A network interface.
struct Link {
  int index = 0;
  std::string name;            ///< any bytes but NUL, blanks, `/` and `:`
  std::uint16_t hardware = 0;  ///< ARPHRD_... of <linux/if_arp.h>
  std::uint32_t flags = 0;     ///< IFF_... of <linux/if.h>
  std::string address;         ///< of the link layer, as bytes: 6 of Ethernet, 20 of InfiniBand, none of a tun device
  std::uint32_t mtu = 0;       ///< bytes
  OperationalState state = OperationalState::kUnknown;
  std::string kind;  ///< the kernel's word for what it was made as (`veth`, `bridge`); empty for hardware
  int master = 0;    ///< index of the bridge, bond... that it is a port of; 0: none
  int lower = 0;     ///< index of the interface below (of a VLAN) or at the other end (of a veth); 0: none
  bool lower_is_elsewhere = false;  ///< `lower` is an index in another network namespace
  bool is_tap = false;              ///< of the kind `tun`: carries Ethernet, not IP
  std::optional<LinkStatistics> statistics;
};

/// An IP address of an interface.
struct LinkAddress {
  int link = 0;  ///< its index
  IpAddress address;
  unsigned prefix = 0;      ///< bits of the network part
  std::string label;        ///< version 4: the interface's name, or `<name>:<more>` (an alias); else empty
  std::uint8_t scope = 0;   ///< RT_SCOPE_... of <linux/rtnetlink.h>; larger is narrower
  std::uint32_t flags = 0;  ///< IFA_F_... of <linux/if_addr.h>
};

/// A way to a network. One with several next stations is several of these.
struct Route {
  IpAddress destination;
  unsigned destination_prefix = 0;
  IpAddress source;
  unsigned source_prefix = 0;
  int link = 0;                        ///< index of the interface; 0: none, as for blackholes of version 4
  std::optional<IpAddress> gateway;    ///< may be of the other version (RTA_VIA)
  std::optional<IpAddress> preferred;  ///< own address that packets get
  std::uint32_t table = 0;             ///< RT_TABLE_...
  std::uint8_t type = 0;               ///< RTN_...
  std::uint8_t protocol = 0;           ///< RTPROT_...: who made it
  std::uint32_t flags = 0;             ///< RTM_F_...
  std::uint8_t preference = 0;         ///< version 6: ICMPV6_ROUTER_PREF_..., two bits
  bool expires = false;
  std::uint32_t metric = 0;
  std::uint32_t users = 0;
  std::uint32_t uses = 0;
  std::uint32_t mtu = 0;          ///< of the route itself, 0: that of the interface
  std::uint32_t mss = 0;          ///< TCP segment size to announce; 0: follows from the MTU
  std::uint32_t window = 0;       ///< 0: no limit
  std::uint32_t rtt_eighths = 0;  ///< first guess of the round trip time, in 1/8 ms
};

Result<std::vector<Link>> parse_links(std::string_view dump);
Result<std::vector<LinkAddress>> parse_addresses(std::string_view dump);

enum class RouteSelection {
  kListed,   ///< version 4: the main table, without broadcast and multicast; version 6: main and local table
  kDefault,  ///< of these, what leads anywhere: routes of the main table for all destinations
};
/// Without what the kernel remembers of single destinations (RTM_F_CLONED). More than limits::kNetworkRoutes is an
/// error.
Result<std::vector<Route>> parse_routes(std::string_view dump, RouteSelection selection);

/// In the order of the kernel; one entry per interface.
Result<std::vector<Link>> links(const Root& root);
/// Version 4 first. Without IPv6 in the kernel there are none of version 6.
Result<std::vector<LinkAddress>> link_addresses(const Root& root);
/// Version 4 first.
Result<std::vector<Route>> routes(const Root& root, RouteSelection selection);

/// `52:54:00:12:34:56`, as many bytes as there are (20 of InfiniBand). Empty where the link layer has no addresses of
/// its own: none at all (tun), nothing but zeros (loopback), or those of IP (IPIP, SIT, GRE).
std::string hardware_address(const Link& link);

/// Whether there is a device behind the interface, such as a PCI card: /sys/class/net/<name>/device.
bool has_device(const Root& root, std::string_view link_name);
/// The kernel's driver of that device (`virtio_net`); empty if it has none.
std::string device_driver(const Root& root, std::string_view link_name);

}  // namespace guestd::platform
