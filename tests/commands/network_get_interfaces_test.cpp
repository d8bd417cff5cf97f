// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/commands/command_bench.hpp"
#include "tests/support/netlink_message.hpp"

namespace guestd::commands {
namespace {

using testing::ElementsAre;

std::vector<std::string> names_of(const NetworkGetInterfacesResult& interfaces) {
  std::vector<std::string> names;
  for (const auto& interface : interfaces) names.push_back(interface.name);
  return names;
}

std::vector<std::string> addresses_of(const GuestNetworkInterface& interface) {
  std::vector<std::string> texts;
  for (const auto& address : interface.ip_addresses.value_or(std::vector<GuestIpAddress>{})) {
    texts.push_back(address.ip_address + "/" + std::to_string(address.prefix));
  }
  return texts;
}

TEST(NetworkGetInterfaces, ListsInterfacesAsTheKernelOrdersThemAndAliasesLast) {
  CommandBench bench("debian12");
  const auto interfaces = network_get_interfaces(bench.context());
  ASSERT_TRUE(interfaces);
  EXPECT_THAT(names_of(*interfaces), ElementsAre("lo", "eth0", "docker0", "veth1a2b3c4", "wg0", "eth0.10", "eth0:1"));
}

TEST(NetworkGetInterfaces, PutsAddressesWhereTheyBelong) {
  CommandBench bench("debian12");
  const auto interfaces = network_get_interfaces(bench.context());
  ASSERT_TRUE(interfaces);
  EXPECT_THAT(addresses_of(interfaces->at(0)), ElementsAre("127.0.0.1/8", "::1/128"));
  EXPECT_THAT(addresses_of(interfaces->at(1)),
              ElementsAre("192.0.2.10/24", "2001:db8::10/64", "fe80::5054:ff:fe12:3456/64"));
  EXPECT_EQ(interfaces->at(3).ip_addresses, std::nullopt) << "absent, not empty";
  EXPECT_THAT(addresses_of(interfaces->at(6)), ElementsAre("192.0.2.11/24"));
}

TEST(NetworkGetInterfaces, GivesEveryEntryAHardwareAddress) {
  CommandBench bench("debian12");
  const auto interfaces = network_get_interfaces(bench.context());
  ASSERT_TRUE(interfaces);
  EXPECT_EQ(interfaces->at(0).hardware_address, "00:00:00:00:00:00");
  EXPECT_EQ(interfaces->at(1).hardware_address, "52:54:00:12:34:56");
  EXPECT_EQ(interfaces->at(4).hardware_address, "00:00:00:00:00:00") << "WireGuard has none";
  EXPECT_EQ(interfaces->at(6).hardware_address, "52:54:00:12:34:56") << "an alias has its interface's";
}

TEST(NetworkGetInterfaces, CountsPacketsOfInterfacesWithoutAddressesToo) {
  CommandBench bench("debian12");
  const auto interfaces = network_get_interfaces(bench.context());
  ASSERT_TRUE(interfaces);
  const auto& counted = interfaces->at(1).statistics;
  ASSERT_TRUE(counted);
  EXPECT_EQ(counted->rx_bytes, 21474836480U);
  EXPECT_EQ(counted->rx_packets, 7000U);
  EXPECT_EQ(counted->tx_packets, 5000U);
  EXPECT_EQ(counted->rx_errs, 1U);
  EXPECT_EQ(counted->tx_errs, 2U);
  EXPECT_EQ(counted->rx_dropped, 3U);
  EXPECT_EQ(counted->tx_dropped, 4U);
  EXPECT_TRUE(interfaces->at(3).statistics);
  EXPECT_FALSE(interfaces->at(6).statistics) << "or its interface's would count twice";
}

TEST(NetworkGetInterfaces, LeavesOutWhatTheConfigurationHides) {
  CommandBench bench("debian12");
  bench.context().settings.replace({.hidden_interfaces = {"docker*", "veth[0-9]*", "eth0", "w?0"}});
  const auto interfaces = network_get_interfaces(bench.context());
  ASSERT_TRUE(interfaces);
  EXPECT_THAT(names_of(*interfaces), ElementsAre("lo", "eth0.10")) << "an alias is hidden with its interface";
}

TEST(NetworkGetInterfaces, TakesALabelForAnAliasOnlyIfItIsOneOfTheInterface) {
  CommandBench bench("debian12");
  const support::FixtureRoot machine("debian12");
  const auto labelled = [](const char* label) {
    ifaddrmsg header{};
    header.ifa_family = AF_INET;
    header.ifa_prefixlen = 8;
    header.ifa_index = 2;
    return support::netlink_message(RTM_NEWADDR, support::bytes_of(header) + support::text_attribute(IFA_LABEL, label));
  };
  machine.dir().write("netlink/addresses",
                      labelled("lo") + labelled("eth0:") + labelled("eth01:x") + labelled("eth0:a:b") + labelled(""));
  bench.host().root = machine.root();
  const auto interfaces = network_get_interfaces(bench.context());
  ASSERT_TRUE(interfaces);
  EXPECT_EQ(addresses_of(interfaces->at(0)).size(), 0U);
  EXPECT_EQ(addresses_of(interfaces->at(1)).size(), 3U);
  ASSERT_EQ(interfaces->size(), 8U);
  EXPECT_EQ(interfaces->at(6).name, "eth0:");
  EXPECT_EQ(interfaces->at(7).name, "eth0:a:b");
}

TEST(NetworkGetInterfaces, SkipsAddressesOfAnInterfaceThatHasJustCome) {
  CommandBench bench("debian12");
  const support::FixtureRoot machine("debian12");
  machine.dir().write("netlink/links", "");
  bench.host().root = machine.root();
  const auto interfaces = network_get_interfaces(bench.context());
  ASSERT_TRUE(interfaces);
  EXPECT_TRUE(interfaces->empty());
}

TEST(NetworkGetInterfaces, ReportsWhatItCouldNotRead) {
  CommandBench bench("debian12");
  const support::FixtureRoot machine("debian12");
  machine.dir().write("netlink/addresses", "rubbish");
  bench.host().root = machine.root();
  EXPECT_EQ(network_get_interfaces(bench.context()).error().text,
            "cannot list IP addresses: what the kernel sent is damaged");
  machine.dir().write("netlink/links", "rubbish");
  EXPECT_EQ(network_get_interfaces(bench.context()).error().text,
            "cannot list network interfaces: what the kernel sent is damaged");
}

}  // namespace
}  // namespace guestd::commands
