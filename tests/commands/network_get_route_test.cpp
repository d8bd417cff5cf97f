// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>

#include <string>

#include "tests/commands/command_bench.hpp"
#include "tests/support/netlink_message.hpp"

namespace guestd::commands {
namespace {

using support::attribute;
using support::bytes_of;
using support::number_attribute;

/// The machine debian12 with one route instead of its own.
class OneRoute {
 public:
  OneRoute(int family, unsigned prefix) {
    header_.rtm_family = static_cast<std::uint8_t>(family);
    header_.rtm_dst_len = static_cast<std::uint8_t>(prefix);
    header_.rtm_table = RT_TABLE_MAIN;
    header_.rtm_type = RTN_UNICAST;
  }
  OneRoute& type(std::uint8_t type) {
    header_.rtm_type = type;
    return *this;
  }
  OneRoute& with(const std::string& attribute_bytes) {
    attributes_ += attribute_bytes;
    return *this;
  }
  GuestNetworkRoute listed() {
    machine_.dir().write("netlink/routes", support::netlink_message(RTM_NEWROUTE, bytes_of(header_) + attributes_));
    CommandBench bench(machine_.root());
    const auto routes = network_get_route(bench.context());
    EXPECT_TRUE(routes && routes->size() == 1);
    return routes ? routes->at(0) : GuestNetworkRoute{};
  }

 private:
  support::FixtureRoot machine_{"debian12"};
  rtmsg header_{};
  std::string attributes_;
};

const std::string kGateway = attribute(RTA_GATEWAY, std::string("\x0A\0\0\x01", 4));
const std::string kGateway6 = attribute(RTA_GATEWAY, std::string("\xFE\x80", 2) + std::string(13, '\0') + '\x01');

TEST(NetworkGetRoute, ListsBothVersionsEachWithItsOwnMembers) {
  CommandBench bench("debian12");
  const auto routes = network_get_route(bench.context());
  ASSERT_TRUE(routes);
  ASSERT_EQ(routes->size(), 10U);
  const auto& v4 = routes->at(0);
  EXPECT_EQ(v4.version, 4);
  EXPECT_EQ(v4.iface, "eth0");
  EXPECT_EQ(v4.gateway, "192.0.2.1");
  EXPECT_EQ(v4.mask, "0.0.0.0");
  EXPECT_EQ(v4.metric, 100);
  EXPECT_EQ(v4.flags, 3U);
  EXPECT_EQ(v4.desprefixlen, std::nullopt);
  const auto& v6 = routes->at(6);
  EXPECT_EQ(v6.version, 6);
  EXPECT_EQ(v6.destination, "::");
  EXPECT_EQ(v6.desprefixlen, "0");
  EXPECT_EQ(v6.nexthop, "fe80::1");
  EXPECT_EQ(v6.flags, 0x450003U) << "from a router's advertisement, and not for ever";
  EXPECT_EQ(v6.mask, std::nullopt);
}

TEST(NetworkGetRoute, TellsNumbersWithAllTheirBits) {
  const std::string metrics = number_attribute(RTAX_MTU, 0xFFFFFFFFU) + number_attribute(RTAX_WINDOW, 0xFFFFFFFFU) +
                              number_attribute(RTAX_RTT, 0xFFFFFFFFU);
  const auto v4 = OneRoute(AF_INET, 8)
                      .with(number_attribute(RTA_PRIORITY, 0xFFFFFFFFU))
                      .with(attribute(RTA_METRICS, metrics))
                      .listed();
  EXPECT_EQ(v4.metric, 4294967295);
  EXPECT_EQ(v4.mtu, 4294967295);
  EXPECT_EQ(v4.window, 4294967295);
  EXPECT_EQ(v4.irtt, 536870911);
  EXPECT_EQ(OneRoute(AF_INET6, 8).with(number_attribute(RTA_PRIORITY, 0xFFFFFFFFU)).listed().metric, 4294967295);
  EXPECT_EQ(OneRoute(AF_INET6, 128).type(RTN_LOCAL).listed().flags, 0x80200001U) << "not the sign of something";
}

TEST(NetworkGetRoute, TellsTheMtuOfTheSegmentSizeIfTheRouteHasNoOther) {
  const auto mss = number_attribute(RTAX_ADVMSS, 1360U);
  EXPECT_EQ(OneRoute(AF_INET, 8).with(attribute(RTA_METRICS, mss)).listed().mtu, 1400);
  EXPECT_EQ(OneRoute(AF_INET, 8).with(attribute(RTA_METRICS, mss + number_attribute(RTAX_MTU, 1300U))).listed().mtu,
            1300);
}

TEST(NetworkGetRoute, MarksRoutesThatLeadNowhere) {
  const auto unreachable = OneRoute(AF_INET, 16).type(RTN_UNREACHABLE).listed();
  EXPECT_EQ(unreachable.iface, "*");
  EXPECT_EQ(unreachable.flags, 0x201U);
  EXPECT_EQ(OneRoute(AF_INET, 16).type(RTN_BLACKHOLE).listed().flags, 1U) << "as /proc/net/route has it";
  const auto reject6 = OneRoute(AF_INET6, 64).type(RTN_UNREACHABLE).with(number_attribute(RTA_OIF, 1)).listed();
  EXPECT_EQ(reject6.iface, "lo");
  EXPECT_EQ(reject6.flags, 0x200200U);
}

TEST(NetworkGetRoute, MarksHostsGatewaysAndPreferences) {
  EXPECT_EQ(OneRoute(AF_INET, 32).listed().flags, 5U);
  EXPECT_EQ(OneRoute(AF_INET, 32).with(kGateway).listed().flags, 7U);
  EXPECT_EQ(OneRoute(AF_INET6, 0).with(kGateway6).listed().flags, 3U);
  EXPECT_EQ(OneRoute(AF_INET6, 0).with(kGateway6).with(number_attribute(RTA_PREF, std::uint8_t{3})).listed().flags,
            0x18000003U);
  EXPECT_EQ(OneRoute(AF_INET6, 128).type(RTN_ANYCAST).listed().flags, 0x300001U);
}

TEST(NetworkGetRoute, TellsAGatewayOfTheOtherVersionAsNextHop) {
  const std::string via = bytes_of(std::uint16_t{AF_INET6}) + std::string("\xFE\x80", 2) + std::string(14, '\0');
  const auto route = OneRoute(AF_INET, 0).with(attribute(RTA_VIA, via)).listed();
  EXPECT_EQ(route.gateway, "0.0.0.0");
  EXPECT_EQ(route.nexthop, "fe80::");
  EXPECT_EQ(route.flags, 3U);
}

TEST(NetworkGetRoute, IsNoErrorWithoutIpv6) {
  const auto route = OneRoute(AF_INET, 0).with(kGateway).with(number_attribute(RTA_OIF, 2)).listed();
  EXPECT_EQ(route.iface, "eth0");
  EXPECT_EQ(route.nexthop, std::nullopt);
}

TEST(NetworkGetRoute, ReportsWhatItCouldNotRead) {
  const support::FixtureRoot machine("debian12");
  machine.dir().write("netlink/links", "rubbish");
  CommandBench bench(machine.root());
  EXPECT_EQ(network_get_route(bench.context()).error().text,
            "cannot list network interfaces: what the kernel sent is damaged");
  machine.dir().write("netlink/routes", "rubbish");
  EXPECT_EQ(network_get_route(bench.context()).error().text, "cannot list routes: what the kernel sent is damaged");
}

}  // namespace
}  // namespace guestd::commands
