// SPDX-License-Identifier: Apache-2.0
#include "client/lib/machine_proof.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/client/monitor/fake_monitor.hpp"

namespace guestd::client {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string event(const std::string& name, const std::string& data = "{}") {
  return R"({"timestamp": {"seconds": 1, "microseconds": 2}, "event": ")" + name + R"(", "data": )" + data + "}\r\n";
}

std::string state(const std::string& name) {
  return R"({"running": )" + std::string(name == "running" ? "true" : "false") + R"(, "status": ")" + name + "\"}";
}

class MachineProofTest : public testing::Test {
 protected:
  MachineProofTest() { qemu_.answer("query-status", state("running")); }

  support::FakeMonitor qemu_;
  std::unique_ptr<Monitor> monitor_ = *Monitor::open(qemu_.path(), {20s, 20s});
  MonitorEvents events_{*monitor_};
};

TEST_F(MachineProofTest, AShutdownShowsInItsEvent) {
  qemu_.send(event("RTC_CHANGE", R"({"offset": 1})") +
             event("SHUTDOWN", R"({"guest": true, "reason": "guest-shutdown"})"));
  EXPECT_TRUE(await_shutdown(*monitor_, events_, deadline_in(20s)));
}

TEST_F(MachineProofTest, AShutdownShowsInTheEndOfQemu) {
  qemu_.hang_up();
  EXPECT_TRUE(await_shutdown(*monitor_, events_, deadline_in(20s)));
}

TEST_F(MachineProofTest, AShutdownOfAMachineThatStaysShowsInItsState) {
  qemu_.answer("query-status", state("shutdown"));
  qemu_.send(event("STOP"));
  EXPECT_TRUE(await_shutdown(*monitor_, events_, deadline_in(20s)));
}

TEST_F(MachineProofTest, ARebootIsNoShutdownNorTheOtherWayRound) {
  qemu_.send(event("RESET"));
  EXPECT_EQ(await_shutdown(*monitor_, events_, deadline_in(20s)).error().text,
            "the machine did not shut down: QEMU reports RESET");
  qemu_.send(event("SHUTDOWN"));
  EXPECT_EQ(await_reset(*monitor_, events_, deadline_in(20s)).error().text,
            "the machine did not reboot: QEMU reports SHUTDOWN");
  qemu_.send(event("RESET"));
  EXPECT_TRUE(await_reset(*monitor_, events_, deadline_in(20s)));
}

TEST_F(MachineProofTest, AMachineThatDoesNotMoveIsTimedOut) {
  const auto shutdown = await_shutdown(*monitor_, events_, deadline_in(50ms));
  ASSERT_FALSE(shutdown);
  EXPECT_EQ(shutdown.error().kind, Error::Kind::kTimedOut);
  EXPECT_EQ(shutdown.error().text, "the machine did not shut down in time; it is running");
}

TEST_F(MachineProofTest, SleepShowsInTheEventOrTheState) {
  qemu_.send(event("SUSPEND"));
  EXPECT_TRUE(await_suspend(*monitor_, events_, deadline_in(20s)));
  qemu_.send(event("SUSPEND_DISK"));
  EXPECT_TRUE(await_suspend(*monitor_, events_, deadline_in(20s)));
  qemu_.send(event("GUEST_PANICKED", R"({"action": "pause"})"));
  EXPECT_THAT(await_suspend(*monitor_, events_, deadline_in(20s)).error().text, HasSubstr("GUEST_PANICKED"));
  qemu_.answer("query-status", state("suspended"));
  EXPECT_TRUE(await_suspend(*monitor_, events_, deadline_in(20s)));
}

TEST_F(MachineProofTest, WakesOnlyWhatSleeps) {
  EXPECT_EQ(wake_up(*monitor_, events_, deadline_in(20s)).error().text, "the machine does not sleep: it is running");
  qemu_.answer("query-status", state("suspended"));
  qemu_.refuse("system_wakeup", "wake-up is not supported");
  EXPECT_EQ(wake_up(*monitor_, events_, deadline_in(20s)).error().text, "wake-up is not supported");
  qemu_.answer("system_wakeup", "{}");
  EXPECT_EQ(wake_up(*monitor_, events_, deadline_in(50ms)).error().kind, Error::Kind::kTimedOut);
  qemu_.before("system_wakeup", event("WAKEUP"));
  EXPECT_TRUE(wake_up(*monitor_, events_, deadline_in(20s)));
}

TEST_F(MachineProofTest, MissedTicksAreForgottenWhereTheyAreKept) {
  EXPECT_EQ(forget_missed_ticks(*monitor_).error().kind, Error::Kind::kUnsupported);
  qemu_.answer("rtc-reset-reinjection", "{}");
  EXPECT_TRUE(forget_missed_ticks(*monitor_));
}

}  // namespace
}  // namespace guestd::client
