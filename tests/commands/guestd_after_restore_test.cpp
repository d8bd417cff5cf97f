// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Outcome = GuestdRestoreOutcome;

constexpr std::int64_t kMinute = 60'000'000'000;

std::vector<std::string> messages(const GuestdAfterRestore& report, Outcome outcome) {
  std::vector<std::string> all;
  for (const auto& step : report.steps) {
    if (step.outcome == outcome) all.push_back(step.message);
  }
  return all;
}

GuestdAfterRestore restore(CommandBench& bench, const GuestdAfterRestoreArgs& args) {
  auto report = guestd_after_restore(bench.context(), args);
  if (!report) throw std::runtime_error(report.error().text);
  return *std::move(report);
}

TEST(GuestdAfterRestore, RenewsRandomNumbersAndSetsTheClock) {
  CommandBench bench("debian12");
  std::string entropy = "uTx0m0GQ0XhG5v8r3n0CwA==";
  GuestdAfterRestoreArgs args;
  args.time = support::kFixtureTimeNs + kMinute;
  args.entropy = protocol::Base64Text(std::span(entropy));
  const auto report = restore(bench, args);
  EXPECT_THAT(messages(report, Outcome::kDone), ElementsAre("with 16 bytes of the host", "set to the host's word"));
  EXPECT_EQ(report.clock_moved_ns, kMinute);
  EXPECT_FALSE(report.machine_id);
  EXPECT_THAT(bench.identity().log(),
              ElementsAre("add 8 bytes, 0 bits", "add 16 bytes, 0 bits", "add 16 bytes, 128 bits", "reseed"))
      << "only what the host gave is credited";
  EXPECT_THAT(bench.clock_devices().log(), ElementsAre("set 1700000060123456789"))
      << "the hardware clock is the hypervisor's, which has not been asleep";
}

TEST(GuestdAfterRestore, PrefersTheHypervisorsClockToTheHardwareClock) {
  CommandBench bench("debian12");
  auto report = restore(bench, {});
  EXPECT_THAT(messages(report, Outcome::kDone),
              ElementsAre("without bytes of the host", "set from the hardware clock"));
  EXPECT_EQ(report.clock_moved_ns, -123'456'789);
  bench.clock_devices().set_host_clock(support::kFixtureTimeNs + 5);
  report = restore(bench, {});
  EXPECT_EQ(report.steps.at(1).message, "set from the hypervisor's clock");
  EXPECT_EQ(report.clock_moved_ns, 5);
}

TEST(GuestdAfterRestore, GivesACloneAnIdentityOfItsOwn) {
  CommandBench bench("debian12");
  GuestdAfterRestoreArgs args;
  args.renew_machine_id = true;
  const auto report = restore(bench, args);
  EXPECT_EQ(report.machine_id, "000102030405460788090a0b0c0d0e0f") << "a UUID of version 4";
  EXPECT_EQ(bench.identity().log().back(), "id 000102030405460788090a0b0c0d0e0f");
}

TEST(GuestdAfterRestore, DoesTheOtherStepsIfOneFails) {
  CommandBench bench("debian12");
  bench.identity().fail("reseed", EPERM);
  bench.identity().fail("id", EBUSY);
  bench.clock_devices().set_rtc({});
  GuestdAfterRestoreArgs args;
  args.renew_machine_id = true;
  args.renew_dhcp = true;
  const auto report = restore(bench, args);
  EXPECT_THAT(messages(report, Outcome::kDone), IsEmpty());
  EXPECT_THAT(messages(report, Outcome::kFailed),
              ElementsAre("cannot reseed: Operation not permitted", "cannot id: Device or resource busy"));
  EXPECT_THAT(messages(report, Outcome::kUnsupported),
              ElementsAre("there is no hardware clock",
                          "no service runs that can renew leases (systemd-networkd, NetworkManager, dhcpcd)"));
  EXPECT_FALSE(report.clock_moved_ns);
  EXPECT_FALSE(report.machine_id);
}

TEST(GuestdAfterRestore, ChecksItsArgumentsBeforeItDoesAnything) {
  CommandBench bench("debian12");
  std::string too_much = std::string(4 * 1366, 'A');
  std::string broken = "a";
  GuestdAfterRestoreArgs args;
  args.time = -1;
  EXPECT_EQ(guestd_after_restore(bench.context(), args).error().text,
            "Invalid time: not within the years 1970 to 2069");
  args.time.reset();
  args.entropy = protocol::Base64Text(std::span(too_much));
  EXPECT_EQ(guestd_after_restore(bench.context(), args).error().text, "entropy has more than 4096 bytes");
  args.entropy = protocol::Base64Text(std::span(broken));
  EXPECT_FALSE(guestd_after_restore(bench.context(), args));
  EXPECT_THAT(bench.identity().log(), IsEmpty());
  EXPECT_THAT(bench.clock_devices().log(), IsEmpty());
}

}  // namespace
}  // namespace guestd::commands
