// SPDX-License-Identifier: Apache-2.0
#include "platform/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>

#include <algorithm>

#include "base/limits.hpp"
#include "tests/support/fixture_root.hpp"
#include "tests/support/netlink_message.hpp"

namespace guestd::platform {
namespace {

using support::attribute;
using support::bytes_of;
using support::netlink_message;
using support::number_attribute;
using support::text_attribute;
using testing::HasSubstr;

std::string link_message(int index, std::string_view attributes, std::uint16_t hardware = ARPHRD_ETHER) {
  ifinfomsg header{};
  header.ifi_type = hardware;
  header.ifi_index = index;
  return netlink_message(RTM_NEWLINK, bytes_of(header).append(attributes));
}

std::string address_message(int family, unsigned prefix, std::string_view attributes, std::uint8_t flags = 0) {
  ifaddrmsg header{};
  header.ifa_family = static_cast<std::uint8_t>(family);
  header.ifa_prefixlen = static_cast<std::uint8_t>(prefix);
  header.ifa_flags = flags;
  header.ifa_index = 2;
  return netlink_message(RTM_NEWADDR, bytes_of(header).append(attributes));
}

rtmsg route_header(int family, unsigned prefix) {
  rtmsg header{};
  header.rtm_family = static_cast<std::uint8_t>(family);
  header.rtm_dst_len = static_cast<std::uint8_t>(prefix);
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_type = RTN_UNICAST;
  return header;
}

std::string route_message(const rtmsg& header, std::string_view attributes = "") {
  return netlink_message(RTM_NEWROUTE, bytes_of(header).append(attributes));
}

const std::string kTen("\x0A\x01\x02\x03", 4);                                               // 10.1.2.3
const std::string kPeer("\x0A\x01\x02\x04", 4);                                              // 10.1.2.4
const std::string kLinkLocal = std::string("\xFE\x80", 2) + std::string(13, '\0') + '\x01';  // fe80::1

Link only_link(const std::string& dump) {
  const auto links = parse_links(dump);
  EXPECT_TRUE(links && links->size() == 1);
  return links ? links->at(0) : Link{};
}

Route only_route(const std::string& dump) {
  const auto routes = parse_routes(dump, RouteSelection::kListed);
  EXPECT_TRUE(routes && routes->size() == 1);
  return routes ? routes->at(0) : Route{};
}

TEST(NetworkLinks, OfTheFixtureAreRead) {
  const support::FixtureRoot machine("debian12");
  const auto found = links(machine.root());
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 6U);
  const Link& eth0 = found->at(1);
  EXPECT_EQ(eth0.index, 2);
  EXPECT_EQ(eth0.name, "eth0");
  EXPECT_EQ(eth0.mtu, 1500U);
  EXPECT_EQ(eth0.state, OperationalState::kUp);
  EXPECT_EQ(hardware_address(eth0), "52:54:00:12:34:56");
  EXPECT_EQ(eth0.statistics->rx_bytes, 5ULL << 32U);
  const Link& veth = found->at(3);
  EXPECT_EQ(veth.kind, "veth");
  EXPECT_EQ(veth.master, 3);
  EXPECT_TRUE(veth.lower_is_elsewhere);
  EXPECT_EQ(found->at(5).lower, 2);
  EXPECT_FALSE(found->at(5).lower_is_elsewhere);
}

TEST(NetworkLinks, CountDroppedPacketsAsProcNetDevDoes) {
  rtnl_link_stats64 counted{};
  counted.rx_dropped = 1ULL << 40U;
  counted.rx_missed_errors = 3;
  counted.tx_dropped = ~0ULL;
  const Link link = only_link(link_message(1, attribute(IFLA_STATS64, bytes_of(counted))));
  EXPECT_EQ(link.statistics->rx_dropped, (1ULL << 40U) + 3);
  EXPECT_EQ(link.statistics->tx_dropped, ~0ULL);
}

TEST(NetworkLinks, MayHaveNoStatistics) { EXPECT_FALSE(only_link(link_message(1, "")).statistics.has_value()); }

TEST(NetworkLinks, TellTapFromTun) {
  const auto tun = [](std::uint8_t type) {
    return link_message(1,
                        attribute(IFLA_LINKINFO, text_attribute(IFLA_INFO_KIND, "tun") +
                                                     attribute(IFLA_INFO_DATA, number_attribute(IFLA_TUN_TYPE, type))));
  };
  EXPECT_TRUE(only_link(tun(IFF_TAP)).is_tap);
  EXPECT_FALSE(only_link(tun(IFF_TUN)).is_tap);
}

TEST(NetworkLinks, ThatAreListedTwiceCountOnce) {
  const auto links = parse_links(link_message(1, "") + link_message(2, "") + link_message(1, ""));
  ASSERT_TRUE(links);
  EXPECT_EQ(links->size(), 2U);
}

TEST(NetworkLinks, MayBeInAStateThatNobodyKnowsYet) {
  EXPECT_EQ(only_link(link_message(1, number_attribute(IFLA_OPERSTATE, std::uint8_t{99}))).state,
            OperationalState::kUnknown);
}

TEST(HardwareAddress, HasAsManyBytesAsTheHardwareGivesIt) {
  Link link;
  link.address = std::string("\x00\x01\xAB\xCD\xEF\xFF", 6);
  EXPECT_EQ(hardware_address(link), "00:01:ab:cd:ef:ff");
  link.hardware = ARPHRD_INFINIBAND;
  link.address = std::string(19, '\x80') + '\x01';
  EXPECT_EQ(hardware_address(link).size(), 59U);
  EXPECT_THAT(hardware_address(link), testing::EndsWith(":80:01"));
}

TEST(HardwareAddress, IsEmptyWhereThereIsNone) {
  Link link;
  EXPECT_EQ(hardware_address(link), "");
  link.address = std::string(6, '\0');
  EXPECT_EQ(hardware_address(link), "");
  link.hardware = ARPHRD_SIT;  // its link layer is IP
  link.address = kTen;
  EXPECT_EQ(hardware_address(link), "");
}

TEST(NetworkAddresses, OfTheFixtureAreRead) {
  const support::FixtureRoot machine("debian12");
  const auto found = link_addresses(machine.root());
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 8U);
  EXPECT_EQ(to_text(found->at(1).address), "192.0.2.10");
  EXPECT_EQ(found->at(1).prefix, 24U);
  EXPECT_EQ(found->at(2).label, "eth0:1");
  EXPECT_EQ(to_text(found->at(6).address), "2001:db8::10");
  EXPECT_EQ(found->at(6).flags, 0x100U);
  EXPECT_EQ(found->at(7).scope, RT_SCOPE_LINK);
}

TEST(NetworkAddresses, AreTheOwnOnesOnAPointToPointLinkInAnyOrder) {
  const std::string own = attribute(IFA_LOCAL, kTen);
  const std::string peer = attribute(IFA_ADDRESS, kPeer);
  for (const auto& attributes : {own + peer, peer + own}) {
    EXPECT_EQ(to_text(parse_addresses(address_message(AF_INET, 32, attributes))->at(0).address), "10.1.2.3");
  }
  EXPECT_EQ(to_text(parse_addresses(address_message(AF_INET6, 64, attribute(IFA_ADDRESS, kLinkLocal)))->at(0).address),
            "fe80::1");
}

TEST(NetworkAddresses, HaveFlagsOf32BitsWhereTheKernelGivesThem) {
  EXPECT_EQ(parse_addresses(address_message(AF_INET, 8, "", 0x81))->at(0).flags, 0x81U);
  const auto wide = number_attribute(IFA_FLAGS, std::uint32_t{0x80000300});
  EXPECT_EQ(parse_addresses(address_message(AF_INET, 8, wide, 0x81))->at(0).flags, 0x80000300U);
}

TEST(NetworkAddresses, OfOtherFamiliesAreSkipped) {
  const auto found = parse_addresses(address_message(AF_APPLETALK, 8, "") + address_message(AF_INET, 8, ""));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 1U);
}

TEST(NetworkRoutes, OfTheFixtureAreTheMainTableAndTheLocalOneOfVersion6) {
  const support::FixtureRoot machine("debian12");
  const auto found = routes(machine.root(), RouteSelection::kListed);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 10U);
  const auto is_v4 = [](const Route& route) { return route.destination.version == IpVersion::k4; };
  EXPECT_EQ(std::count_if(found->begin(), found->end(), is_v4), 4);
  EXPECT_EQ(routes(machine.root(), RouteSelection::kDefault)->size(), 2U);
}

TEST(NetworkRoutes, KeepAllBitsOfTheirNumbers) {
  const std::string metrics = number_attribute(RTAX_MTU, 0xFFFFFFFFU) + number_attribute(RTAX_WINDOW, 0x80000000U) +
                              number_attribute(RTAX_RTT, 0xFFFFFFFFU) + number_attribute(RTAX_ADVMSS, 1460U);
  const Route route = only_route(route_message(
      route_header(AF_INET, 16), number_attribute(RTA_PRIORITY, 0xFFFFFFFFU) + attribute(RTA_METRICS, metrics)));
  EXPECT_EQ(route.metric, 0xFFFFFFFFU);
  EXPECT_EQ(route.mtu, 0xFFFFFFFFU);
  EXPECT_EQ(route.window, 0x80000000U);
  EXPECT_EQ(route.rtt_eighths, 0xFFFFFFFFU);
  EXPECT_EQ(route.mss, 1460U);
}

TEST(NetworkRoutes, WithSeveralNextStationsAreSeveral) {
  const auto hop = [](int link, const std::string& attributes) {
    rtnexthop header{};
    header.rtnh_len = static_cast<unsigned short>(sizeof header + attributes.size());
    header.rtnh_ifindex = link;
    return bytes_of(header) + attributes;
  };
  const std::string via = bytes_of(std::uint16_t{AF_INET6}) + kLinkLocal;
  const std::string hops = hop(7, attribute(RTA_GATEWAY, kTen)) + hop(8, attribute(RTA_VIA, via)) + hop(9, "");
  const auto found = parse_routes(
      route_message(route_header(AF_INET, 8), attribute(RTA_MULTIPATH, hops) + number_attribute(RTA_PRIORITY, 5U)),
      RouteSelection::kListed);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 3U);
  EXPECT_EQ(found->at(0).link, 7);
  EXPECT_EQ(to_text(*found->at(0).gateway), "10.1.2.3");
  EXPECT_EQ(to_text(*found->at(1).gateway), "fe80::1");
  EXPECT_EQ(found->at(2).gateway, std::nullopt);
  EXPECT_EQ(found->at(2).metric, 5U);
}

TEST(NetworkRoutes, LeaveOutWhatIsNoneOfTheTable) {
  const auto with = [](auto change, int family = AF_INET) {
    rtmsg header = route_header(family, 8);
    change(header);
    return parse_routes(route_message(header), RouteSelection::kListed)->size();
  };
  EXPECT_EQ(with([](rtmsg&) {}), 1U);
  EXPECT_EQ(with([](rtmsg& header) { header.rtm_flags = RTM_F_CLONED; }), 0U);
  EXPECT_EQ(with([](rtmsg& header) { header.rtm_type = RTN_BROADCAST; }), 0U);
  EXPECT_EQ(with([](rtmsg& header) { header.rtm_table = 77; }), 0U);
  EXPECT_EQ(with([](rtmsg& header) { header.rtm_table = RT_TABLE_LOCAL; }), 0U);
  EXPECT_EQ(with([](rtmsg& header) { header.rtm_table = RT_TABLE_LOCAL; }, AF_INET6), 1U);
  EXPECT_EQ(with([](rtmsg& header) { header.rtm_family = RTNL_FAMILY_IPMR; }), 0U);
}

TEST(NetworkRoutes, HaveALimitThatDefaultRoutesDoNotMeet) {
  std::string dump;
  for (std::size_t i = 0; i <= limits::kNetworkRoutes; ++i) dump += route_message(route_header(AF_INET, 8));
  const auto found = parse_routes(dump, RouteSelection::kListed);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().text, "cannot list routes: there are more than 25000");
  EXPECT_EQ(parse_routes(dump + route_message(route_header(AF_INET, 0)), RouteSelection::kDefault)->size(), 1U);
}

TEST(NetworkTables, ThatAreDamagedAreErrors) {
  const auto cut = [](const std::string& dump) { return dump.substr(0, dump.size() - 4); };
  EXPECT_THAT(parse_links(cut(link_message(1, text_attribute(IFLA_IFNAME, "eth0")))).error().text,
              HasSubstr("network interfaces: what the kernel sent is damaged"));
  EXPECT_FALSE(parse_links(netlink_message(RTM_NEWLINK, "short")));
  EXPECT_FALSE(parse_links(link_message(1, "no attribute")));
  EXPECT_FALSE(parse_addresses(netlink_message(RTM_NEWADDR, "\x02")));
  EXPECT_FALSE(parse_addresses(address_message(AF_INET, 8, "no attribute")));
  EXPECT_FALSE(parse_routes(route_message(route_header(AF_INET, 8), "no attribute"), RouteSelection::kListed));
  const auto hops = attribute(RTA_MULTIPATH, "no next hop");
  EXPECT_FALSE(parse_routes(route_message(route_header(AF_INET, 8), hops), RouteSelection::kListed));
}

TEST(NetworkTables, ThatCannotBeReadAreErrors) {
  const support::FixtureRoot nothing;
  EXPECT_THAT(links(nothing.root()).error().text, HasSubstr("/netlink/links"));
  EXPECT_FALSE(link_addresses(nothing.root()));
  EXPECT_FALSE(routes(nothing.root(), RouteSelection::kDefault));
}

TEST(NetworkTables, OfThisMachineHaveTheLoopbackInterface) {
  const auto found = links(Root::system());
  ASSERT_TRUE(found) << found.error().text;
  EXPECT_TRUE(std::any_of(found->begin(), found->end(), [](const Link& link) { return link.name == "lo"; }));
  EXPECT_TRUE(link_addresses(Root::system()));
  EXPECT_TRUE(routes(Root::system(), RouteSelection::kListed));
}

TEST(NetworkDevices, AreFoundInSysfs) {
  const support::FixtureRoot machine("debian12");
  EXPECT_TRUE(has_device(machine.root(), "eth0"));
  EXPECT_EQ(device_driver(machine.root(), "eth0"), "virtio_net");
  EXPECT_FALSE(has_device(machine.root(), "docker0"));
  EXPECT_EQ(device_driver(machine.root(), "docker0"), "");
}

TEST(IpAddresses, ShareAPrefixOrNot) {
  const IpAddress left{IpVersion::k4, {10, 1, 2, 0x80}};
  EXPECT_TRUE(share_prefix(left, {IpVersion::k4, {10, 1, 2, 0xFF}}, 25));
  EXPECT_FALSE(share_prefix(left, {IpVersion::k4, {10, 1, 2, 0xFF}}, 26));
  EXPECT_TRUE(share_prefix(left, {IpVersion::k4, {99}}, 0));
  EXPECT_FALSE(share_prefix(left, {IpVersion::k6, {10, 1, 2, 0x80}}, 25));
  EXPECT_TRUE(share_prefix(left, left, 128));
  EXPECT_FALSE(share_prefix(left, left, 129));
  EXPECT_EQ(to_text(mask_of(0)), "0.0.0.0");
  EXPECT_EQ(to_text(mask_of(17)), "255.255.128.0");
  EXPECT_EQ(to_text(mask_of(255)), "255.255.255.255");
}

}  // namespace
}  // namespace guestd::platform
