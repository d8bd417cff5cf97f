// SPDX-License-Identifier: Apache-2.0
#include "platform/network_roles.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <string>

namespace guestd::platform {
namespace {

Link link(std::string name, std::string kind) {
  Link link;
  link.name = std::move(name);
  link.kind = std::move(kind);
  return link;
}

IpAddress ip(const std::string& text) {
  IpAddress address;
  address.version = text.find(':') == std::string::npos ? IpVersion::k4 : IpVersion::k6;
  EXPECT_EQ(::inet_pton(address.version == IpVersion::k4 ? AF_INET : AF_INET6, text.c_str(), address.bytes.data()), 1);
  return address;
}

/// Addresses of one interface, and which of them is the primary one.
class Addresses {
 public:
  Addresses& add(const std::string& text, unsigned prefix, std::uint32_t flags = 0, std::uint8_t scope = 0) {
    LinkAddress address;
    address.address = ip(text);
    address.prefix = prefix;
    address.flags = flags;
    address.scope = scope;
    all_.push_back(address);
    return *this;
  }
  [[nodiscard]] std::string primary(IpVersion version, const Route* route = nullptr) const {
    std::vector<const LinkAddress*> pointers;
    for (const auto& address : all_) pointers.push_back(&address);
    const LinkAddress* found = primary_address(pointers, version, route);
    return found == nullptr ? "none" : to_text(found->address);
  }

 private:
  std::vector<LinkAddress> all_;
};

Route default_route(const std::string& gateway, std::uint32_t metric = 0, std::uint8_t preference = 0) {
  Route route;
  route.gateway = ip(gateway);
  route.destination.version = route.gateway->version;
  route.metric = metric;
  route.preference = preference;
  return route;
}

TEST(LinkRoles, FollowFromTheKindThatTheKernelTells) {
  EXPECT_EQ(role_of(link("br0", "bridge"), false), LinkRole::kBridge);
  EXPECT_EQ(role_of(link("bond0", "bond"), false), LinkRole::kBond);
  EXPECT_EQ(role_of(link("team0", "team"), false), LinkRole::kBond);
  EXPECT_EQ(role_of(link("eth0.5", "vlan"), false), LinkRole::kVlan);
  EXPECT_EQ(role_of(link("v0", "veth"), false), LinkRole::kVeth);
  EXPECT_EQ(role_of(link("wg0", "wireguard"), false), LinkRole::kTunnel);
  EXPECT_EQ(role_of(link("tun0", "tun"), false), LinkRole::kTunnel);
  EXPECT_EQ(role_of(link("d0", "dummy"), false), LinkRole::kVirtual);
  Link tap = link("tap0", "tun");
  tap.is_tap = true;
  EXPECT_EQ(role_of(tap, false), LinkRole::kVirtual);
  Link loopback = link("lo", "");
  loopback.flags = IFF_LOOPBACK;
  EXPECT_EQ(role_of(loopback, false), LinkRole::kLoopback);
}

TEST(LinkRoles, OfInterfacesWithoutAKindFollowFromTheDevice) {
  EXPECT_EQ(role_of(link("eth0", ""), true), LinkRole::kPhysical);
  EXPECT_EQ(role_of(link("eth0", ""), false), LinkRole::kVirtual);
  EXPECT_EQ(role_of(link("ib0", "ipoib"), true), LinkRole::kPhysical);
}

TEST(LinkRoles, KnowWhatContainersBring) {
  Link far_end = link("v0", "veth");
  far_end.lower_is_elsewhere = true;
  EXPECT_EQ(role_of(far_end, false), LinkRole::kContainer);
  EXPECT_EQ(role_of(link("docker0", "bridge"), false), LinkRole::kContainer);
  EXPECT_EQ(role_of(link("br-0123456789ab", "bridge"), false), LinkRole::kContainer);
  EXPECT_EQ(role_of(link("flannel.1", "vxlan"), false), LinkRole::kContainer);
}

TEST(LinkRoles, DoNotTakeEveryBridgeForDockers) {
  EXPECT_EQ(role_of(link("br-lan", "bridge"), false), LinkRole::kBridge);
  EXPECT_EQ(role_of(link("br-0123456789aX", "bridge"), false), LinkRole::kBridge);
  EXPECT_EQ(role_of(link("br-0123456789ab", "vlan"), false), LinkRole::kVlan);
  EXPECT_EQ(role_of(link("virbr0", "bridge"), false), LinkRole::kBridge);
  EXPECT_EQ(role_of(link("docker0", ""), true), LinkRole::kPhysical) << "a card may be renamed to anything";
}

TEST(DefaultRoute, IsTheCheapestOfItsVersion) {
  const std::vector<Route> routes{default_route("10.0.0.1", 200), default_route("10.0.0.2", 4000000000U),
                                  default_route("10.0.0.3", 100), default_route("10.0.0.4", 100),
                                  default_route("fe80::1", 1)};
  EXPECT_EQ(to_text(*best_default_route(routes, IpVersion::k4)->gateway), "10.0.0.3");
  EXPECT_EQ(to_text(*best_default_route(routes, IpVersion::k6)->gateway), "fe80::1");
  EXPECT_EQ(best_default_route({}, IpVersion::k4), nullptr);
}

TEST(DefaultRoute, IsThatOfTheRouterWithTheHighestPreference) {
  const std::vector<Route> routes{default_route("fe80::1", 5, 3), default_route("fe80::2", 5, 0),
                                  default_route("fe80::3", 5, 1)};
  EXPECT_EQ(to_text(*best_default_route(routes, IpVersion::k6)->gateway), "fe80::3");
}

TEST(PrimaryAddress, IsTheFirstOfWidestScope) {
  const auto addresses = Addresses()
                             .add("169.254.1.1", 16, 0, RT_SCOPE_LINK)
                             .add("10.0.0.1", 24)
                             .add("10.0.1.1", 24)
                             .add("fe80::1", 64, 0, RT_SCOPE_LINK);
  EXPECT_EQ(addresses.primary(IpVersion::k4), "10.0.0.1");
  EXPECT_EQ(addresses.primary(IpVersion::k6), "fe80::1");
  EXPECT_EQ(Addresses().add("10.0.0.1", 24).primary(IpVersion::k6), "none");
}

TEST(PrimaryAddress, IsInTheNetworkOfTheGateway) {
  const auto addresses = Addresses().add("10.0.0.1", 24).add("10.0.1.1", 24).add("10.0.1.2", 24, IFA_F_SECONDARY);
  Route route = default_route("10.0.1.254");
  EXPECT_EQ(addresses.primary(IpVersion::k4, &route), "10.0.1.1");
  route.preferred = ip("10.0.1.2");
  EXPECT_EQ(addresses.primary(IpVersion::k4, &route), "10.0.1.2") << "routing names it";
}

TEST(PrimaryAddress, IsNotChosenForAGatewayOfTheLinkAlone) {
  const auto addresses = Addresses().add("fe80::5", 64, 0, RT_SCOPE_LINK).add("2001:db8::5", 64);
  const Route route = default_route("fe80::1");
  EXPECT_EQ(addresses.primary(IpVersion::k6, &route), "2001:db8::5");
}

TEST(PrimaryAddress, LastsAndWorks) {
  const auto addresses = Addresses()
                             .add("2001:db8::1", 64, IFA_F_TENTATIVE)
                             .add("2001:db8::2", 64, IFA_F_DEPRECATED)
                             .add("2001:db8::3", 64, IFA_F_TEMPORARY)
                             .add("fd00::4", 64)
                             .add("2001:db8::5", 64);
  EXPECT_EQ(addresses.primary(IpVersion::k6), "2001:db8::5");
  EXPECT_EQ(Addresses().add("2001:db8::3", 64, IFA_F_TEMPORARY).add("fd00::4", 64).primary(IpVersion::k6), "fd00::4");
  EXPECT_EQ(Addresses().add("2001:db8::1", 64, IFA_F_DADFAILED).primary(IpVersion::k6), "2001:db8::1");
}

}  // namespace
}  // namespace guestd::platform
