// SPDX-License-Identifier: Apache-2.0
#include "platform/dhcp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/support/fake_programs.hpp"
#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

using support::FakePrograms;
using testing::ElementsAre;
using testing::IsEmpty;

class RenewLeases : public testing::Test {
 protected:
  Result<std::string> renew() { return renew_leases(root_, *bus_, programs_); }
  void install(const std::string& path) const {
    std::filesystem::permissions(fixture_.dir().write(path, ""), std::filesystem::perms::owner_all);
  }
  void make_folder(const std::string& path) const { std::filesystem::create_directories(fixture_.dir() / path); }

  support::FixtureRoot fixture_;
  Root root_ = fixture_.root();
  std::unique_ptr<SystemBus> bus_ = no_system_bus("no bus");
  FakePrograms programs_;
};

TEST_F(RenewLeases, HasEveryLinkOfNetworkManagerConnectAnew) {
  install("usr/bin/nmcli");
  make_folder("run/NetworkManager");
  programs_.answer([](const ProgramCall& call) {
    const bool is_query = call.arguments.front() == "-t";
    return FakePrograms::exit(0, is_query ? "1-a:802-3-ethernet:ens3\n2-b:loopback:lo\n3-c:bridge:br0\n" : "");
  });
  EXPECT_EQ(*renew(), "NetworkManager: 2 links");
  EXPECT_THAT(programs_.lines(), ElementsAre("/usr/bin/nmcli -t -f UUID,TYPE,DEVICE connection show --active",
                                             "/usr/bin/nmcli --wait 20 connection up uuid 1-a ifname ens3",
                                             "/usr/bin/nmcli --wait 20 connection up uuid 3-c ifname br0"));
}

TEST_F(RenewLeases, TellsWhichCallFailed) {
  install("usr/bin/nmcli");
  make_folder("run/NetworkManager");
  EXPECT_EQ(renew().error().text, "NetworkManager has no active connection");
  programs_.answer([](const ProgramCall&) { return FakePrograms::exit(8, "NetworkManager is not running.\n"); });
  EXPECT_EQ(renew().error().text, "/usr/bin/nmcli: exit status 8: NetworkManager is not running.");
}

TEST_F(RenewLeases, AsksDhcpcdWhereItRuns) {
  install("sbin/dhcpcd");
  EXPECT_EQ(renew().error().kind, Error::Kind::kUnsupported);
  fixture_.dir().write("run/dhcpcd/pid", "1\n");
  EXPECT_EQ(*renew(), "dhcpcd: all links");
  EXPECT_THAT(programs_.lines(), ElementsAre("/sbin/dhcpcd -n"));
}

TEST_F(RenewLeases, AreUnsupportedWhereNoServiceRuns) {
  install("usr/bin/nmcli");
  make_folder("run/systemd/netif");
  const auto renewed = renew();
  ASSERT_FALSE(renewed);
  EXPECT_EQ(renewed.error().kind, Error::Kind::kUnsupported);
  EXPECT_THAT(programs_.lines(), IsEmpty());
}

TEST(ParseActiveConnections, PassesOverWhatItDoesNotUnderstand) {
  const auto found = parse_active_connections(
      "\n::\nx\na:b\na:vlan:\n:vlan:eth0\na:vlan:--help\n-a:vlan:eth0\na:vlan:et\\:h0\na:tun:tun0\nu:vlan:eth0.7");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().uuid, "u");
  EXPECT_EQ(found.front().device, "eth0.7");
}

}  // namespace
}  // namespace guestd::platform
