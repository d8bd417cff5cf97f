// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "platform/dhcp.hpp"
#include "tests/support/fake_bus_peer.hpp"
#include "tests/support/fake_programs.hpp"
#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class LeasesByNetworkd : public testing::Test {
 protected:
  LeasesByNetworkd() {
    std::filesystem::create_directories(fixture_.dir() / "run/systemd/netif");
    networkd_.on("ListLinks", [](sd_bus_message* request) {
      return sd_bus_reply_method_return(request, "a(iso)", 3, 1, "lo", "/link/1", 2, "ens3", "/link/2", 3, "ens4",
                                        "/link/3");
    });
  }
  Result<std::string> renew() { return renew_leases(root_, *bus_, programs_); }

  support::FixtureRoot fixture_;
  Root root_ = fixture_.root();
  support::FakeBusPeer networkd_;
  std::unique_ptr<SystemBus> bus_ = networkd_.bus();
  support::FakePrograms programs_;
};

TEST_F(LeasesByNetworkd, AreRenewedForEveryLinkButLoopback) {
  std::vector<std::int32_t> numbers;
  networkd_.on("RenewLink", [&](sd_bus_message* request) {
    std::int32_t number = 0;
    const int result = sd_bus_message_read(request, "i", &number);
    numbers.push_back(number);
    return result < 0 ? result : sd_bus_reply_method_return(request, nullptr);
  });
  const auto renewed = renew();
  ASSERT_TRUE(renewed) << renewed.error().text;
  EXPECT_EQ(*renewed, "systemd-networkd: 2 links");
  EXPECT_THAT(numbers, ElementsAre(2, 3));
}

TEST_F(LeasesByNetworkd, FailWhereNoLinkIsItsOwn) {
  networkd_.on_error("RenewLink", "org.freedesktop.network1.UnmanagedInterface", "Interface is not managed");
  const auto renewed = renew();
  ASSERT_FALSE(renewed);
  EXPECT_THAT(renewed.error().text, HasSubstr("Interface is not managed"));
}

}  // namespace
}  // namespace guestd::platform
