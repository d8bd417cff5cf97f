// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

GuestdNetworkGetSummaryArgs only(std::vector<GuestdInterfaceKind> kinds) {
  GuestdNetworkGetSummaryArgs args;
  args.kinds = std::move(kinds);
  return args;
}

TEST(GuestdNetworkGetSummary, TellsHowTheGuestIsReached) {
  CommandBench bench("debian12");
  const auto summary = guestd_network_get_summary(bench.context(), {});
  ASSERT_TRUE(summary);
  ASSERT_TRUE(summary->ipv4);
  EXPECT_EQ(summary->ipv4->interface, "eth0");
  EXPECT_EQ(summary->ipv4->gateway, "192.0.2.1");
  EXPECT_EQ(summary->ipv4->address, "192.0.2.10");
  EXPECT_EQ(summary->ipv4->metric, 100U);
  ASSERT_TRUE(summary->ipv6);
  EXPECT_EQ(summary->ipv6->gateway, "fe80::1");
  EXPECT_EQ(summary->ipv6->address, "2001:db8::10");
}

TEST(GuestdNetworkGetSummary, TellsWhatEachInterfaceIsFor) {
  CommandBench bench("debian12");
  const auto summary = guestd_network_get_summary(bench.context(), {});
  ASSERT_TRUE(summary);
  ASSERT_EQ(summary->interfaces.size(), 6U);
  EXPECT_EQ(summary->interfaces[0].kind, GuestdInterfaceKind::kLoopback);
  EXPECT_EQ(summary->interfaces[1].kind, GuestdInterfaceKind::kPhysical);
  EXPECT_EQ(summary->interfaces[2].kind, GuestdInterfaceKind::kContainer);
  EXPECT_EQ(summary->interfaces[3].kind, GuestdInterfaceKind::kContainer);
  EXPECT_EQ(summary->interfaces[4].kind, GuestdInterfaceKind::kTunnel);
  EXPECT_EQ(summary->interfaces[5].kind, GuestdInterfaceKind::kVlan);
}

TEST(GuestdNetworkGetSummary, TellsTheEssenceOfAnInterface) {
  CommandBench bench("debian12");
  const auto summary = guestd_network_get_summary(bench.context(), {});
  ASSERT_TRUE(summary);
  const auto& eth0 = summary->interfaces.at(1);
  EXPECT_EQ(eth0.driver, "virtio_net");
  EXPECT_EQ(eth0.state, GuestdOperationalState::kUp);
  EXPECT_EQ(eth0.hardware_address, "52:54:00:12:34:56");
  EXPECT_EQ(eth0.address_count, 4);
  EXPECT_THAT(eth0.default_routes, ElementsAre(GuestIpAddressType::kIpv4, GuestIpAddressType::kIpv6));
  ASSERT_TRUE(eth0.ipv4);
  EXPECT_EQ(eth0.ipv4->ip_address, "192.0.2.10");
  ASSERT_TRUE(eth0.ipv6);
  EXPECT_EQ(eth0.ipv6->ip_address, "2001:db8::10");
  const auto& veth = summary->interfaces.at(3);
  EXPECT_EQ(veth.master, "docker0");
  EXPECT_EQ(veth.driver, "veth");
  EXPECT_EQ(veth.address_count, 0);
  EXPECT_FALSE(veth.ipv4);
  EXPECT_THAT(veth.default_routes, IsEmpty());
  EXPECT_EQ(summary->interfaces.at(4).hardware_address, std::nullopt);
}

TEST(GuestdNetworkGetSummary, ListsOnlyTheKindsThatAreAskedFor) {
  CommandBench bench("debian12");
  const auto summary =
      guestd_network_get_summary(bench.context(), only({GuestdInterfaceKind::kTunnel, GuestdInterfaceKind::kPhysical}));
  ASSERT_TRUE(summary);
  ASSERT_EQ(summary->interfaces.size(), 2U);
  EXPECT_EQ(summary->interfaces[0].name, "eth0");
  EXPECT_EQ(summary->interfaces[1].name, "wg0");
  EXPECT_TRUE(guestd_network_get_summary(bench.context(), only({}))->interfaces.empty());
}

TEST(GuestdNetworkGetSummary, TellsOfHiddenInterfacesToo) {
  CommandBench bench("debian12");
  bench.context().settings.replace({.hidden_interfaces = {"*"}});
  EXPECT_EQ(guestd_network_get_summary(bench.context(), {})->interfaces.size(), 6U);
}

TEST(GuestdNetworkGetSummary, IsWithoutWhatTheGuestIsWithout) {
  const support::FixtureRoot machine("debian12");
  machine.dir().write("netlink/addresses", "");
  machine.dir().write("netlink/routes", "");
  std::filesystem::remove_all(machine.dir().path() / "sys");
  CommandBench bench(machine.root());
  const auto summary = guestd_network_get_summary(bench.context(), {});
  ASSERT_TRUE(summary);
  EXPECT_FALSE(summary->ipv4);
  EXPECT_FALSE(summary->ipv6);
  const auto& eth0 = summary->interfaces.at(1);
  EXPECT_EQ(eth0.kind, GuestdInterfaceKind::kVirtual) << "without /sys nobody knows of its device";
  EXPECT_EQ(eth0.driver, std::nullopt);
  EXPECT_FALSE(eth0.ipv4);
}

TEST(GuestdNetworkGetSummary, ReportsWhatItCouldNotRead) {
  for (const char* table : {"links", "addresses", "routes"}) {
    const support::FixtureRoot machine("debian12");
    machine.dir().write(std::string("netlink/") + table, "rubbish");
    CommandBench bench(machine.root());
    const auto summary = guestd_network_get_summary(bench.context(), {});
    ASSERT_FALSE(summary) << table;
    EXPECT_THAT(summary.error().text, testing::EndsWith(": what the kernel sent is damaged"));
  }
}

}  // namespace
}  // namespace guestd::commands
