// SPDX-License-Identifier: Apache-2.0
#include "platform/power.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "tests/support/fake_power.hpp"
#include "tests/support/fake_programs.hpp"
#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

using support::FakePower;
using support::FakePrograms;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kNotSupported = "the requested suspend mode is not supported by the guest";

/// A guest without D-Bus.
class Power : public testing::Test {
 protected:
  [[nodiscard]] PowerTools tools() { return {root_, *bus_, programs_, kernel_, clock_}; }
  void install(const std::string& path) const {
    std::filesystem::permissions(fixture_.dir().write(path, ""), std::filesystem::perms::owner_all);
  }
  void boot_with(const std::string& first_process) const {
    fixture_.dir().write("proc/1/comm", first_process + "\n");
    if (first_process == "systemd") std::filesystem::create_directories(fixture_.dir() / "run/systemd/system");
  }
  void fail_programs() {
    programs_.answer([](const ProgramCall& call) { return FakePrograms::exit(1, call.path + " has no luck\n"); });
  }

  support::FixtureRoot fixture_;
  Root root_ = fixture_.root();
  std::unique_ptr<SystemBus> bus_ = no_system_bus("no bus");
  FakePrograms programs_;
  FakePower kernel_;
  support::FakeClock clock_;
};

using ShutDown = Power;
using Suspend = Power;

TEST_F(ShutDown, AsksSystemdWithoutTheBus) {
  boot_with("systemd");
  install("bin/systemctl");
  install("sbin/poweroff");
  ASSERT_TRUE(shut_down(tools(), PowerAction::kPowerDown));
  ASSERT_TRUE(shut_down(tools(), PowerAction::kHalt));
  ASSERT_TRUE(shut_down(tools(), PowerAction::kReboot));
  const std::string start = "/bin/systemctl --no-block --no-ask-password --job-mode=replace-irreversibly start ";
  EXPECT_THAT(programs_.lines(),
              ElementsAre(start + "poweroff.target", start + "halt.target", start + "reboot.target"));
  EXPECT_THAT(kernel_.log(), IsEmpty());
}

TEST_F(ShutDown, AsksOpenRcWhereItIsTheFirstProcess) {
  boot_with("openrc-init");
  install("sbin/openrc-shutdown");
  install("sbin/reboot");
  ASSERT_TRUE(shut_down(tools(), PowerAction::kPowerDown));
  ASSERT_TRUE(shut_down(tools(), PowerAction::kReboot));
  ASSERT_TRUE(shut_down(tools(), PowerAction::kHalt));
  EXPECT_THAT(programs_.lines(), ElementsAre("/sbin/openrc-shutdown -p now", "/sbin/openrc-shutdown -r now",
                                             "/sbin/openrc-shutdown -H now"));
}

TEST_F(ShutDown, CallsTheToolsOfOpenRcsHostInit) {
  boot_with("init");
  install("sbin/openrc-shutdown");
  install("sbin/poweroff");
  install("bin/busybox");
  ASSERT_TRUE(shut_down(tools(), PowerAction::kPowerDown));
  EXPECT_THAT(programs_.lines(), ElementsAre("/sbin/poweroff"));
}

TEST_F(ShutDown, TakesBusyboxItselfWhereItsLinksAreMissing) {
  boot_with("init");
  install("bin/busybox");
  ASSERT_TRUE(shut_down(tools(), PowerAction::kReboot));
  EXPECT_THAT(programs_.lines(), ElementsAre("/bin/busybox reboot"));
}

TEST_F(ShutDown, TakesShutdownWhereThereIsNothingElse) {
  install("sbin/shutdown");
  ASSERT_TRUE(shut_down(tools(), PowerAction::kHalt));
  EXPECT_THAT(programs_.lines(), ElementsAre("/sbin/shutdown -h -H +0 hypervisor initiated shutdown"));
}

TEST_F(ShutDown, TakesTheNextWayIfOneFails) {
  boot_with("systemd");
  install("bin/systemctl");
  install("sbin/poweroff");
  programs_.answer([](const ProgramCall& call) { return FakePrograms::exit(call.path == "/bin/systemctl" ? 1 : 0); });
  ASSERT_TRUE(shut_down(tools(), PowerAction::kPowerDown));
  EXPECT_EQ(programs_.calls().back().path, "/sbin/poweroff");
}

TEST_F(ShutDown, TellsOfEveryWayThatFailedAndDoesNotPullThePlug) {
  install("sbin/poweroff");
  install("sbin/shutdown");
  fail_programs();
  const auto begun = shut_down(tools(), PowerAction::kPowerDown);
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().text,
            "/sbin/poweroff: exit status 1: /sbin/poweroff has no luck; "
            "/sbin/shutdown: exit status 1: /sbin/shutdown has no luck");
  EXPECT_THAT(kernel_.log(), IsEmpty());
}

TEST_F(ShutDown, AsksTheKernelInAGuestWithoutAnyTool) {
  ASSERT_TRUE(shut_down(tools(), PowerAction::kPowerDown));
  ASSERT_TRUE(shut_down(tools(), PowerAction::kReboot));
  kernel_.fail("halt", EPERM);
  const auto halted = shut_down(tools(), PowerAction::kHalt);
  ASSERT_FALSE(halted);
  EXPECT_EQ(halted.error().errno_value, EPERM);
  EXPECT_THAT(kernel_.log(), ElementsAre("powerdown", "reboot", "halt"));
}

TEST_F(ShutDown, GivesEveryToolALimitedTime) {
  install("sbin/poweroff");
  ASSERT_TRUE(shut_down(tools(), PowerAction::kPowerDown));
  EXPECT_LE(programs_.calls().at(0).time_limit, std::chrono::seconds(30));
}

TEST_F(ShutDown, LimitsTheTimeOfAllToolsTogether) {
  boot_with("init");
  for (const char* path : {"sbin/poweroff", "sbin/shutdown", "bin/busybox"}) install(path);
  const auto begin = clock_.monotonic();
  // Each one hangs for as long as it may.
  programs_.answer([this](const ProgramCall& call) {
    clock_.advance(call.time_limit);
    ProgramEnd end;
    end.how = ProgramEnd::How::kTimeLimit;
    return end;
  });
  const auto begun = shut_down(tools(), PowerAction::kPowerDown);
  ASSERT_FALSE(begun);
  EXPECT_LE(clock_.monotonic() - begin, std::chrono::seconds(30));
  EXPECT_THAT(begun.error().text, testing::HasSubstr("/bin/busybox: not tried, the others took too long"));
  EXPECT_THAT(kernel_.log(), IsEmpty());
}

TEST_F(Suspend, IsUnsupportedWhereTheKernelCannot) {
  for (const auto action : {PowerAction::kSuspendToRam, PowerAction::kSuspendToDisk, PowerAction::kHybridSleep}) {
    const auto slept = suspend(tools(), action);
    ASSERT_FALSE(slept);
    EXPECT_EQ(slept.error().text, kNotSupported);
    EXPECT_EQ(slept.error().kind, Error::Kind::kUnsupported);
  }
  EXPECT_THAT(kernel_.log(), IsEmpty());
  EXPECT_THAT(programs_.lines(), IsEmpty());
}

TEST_F(Suspend, TakesTheKernelsWordsWhole) {
  fixture_.dir().write("sys/power/state", "freeze memory disks\n");
  EXPECT_FALSE(suspend(tools(), PowerAction::kSuspendToRam));
  EXPECT_FALSE(suspend(tools(), PowerAction::kSuspendToDisk));
  EXPECT_THAT(kernel_.log(), IsEmpty());
}

TEST_F(Suspend, AsksTheKernelWhereThereIsNothingElse) {
  fixture_.dir().write("sys/power/state", "freeze mem disk\n");
  ASSERT_TRUE(suspend(tools(), PowerAction::kSuspendToRam));
  ASSERT_TRUE(suspend(tools(), PowerAction::kSuspendToDisk));
  EXPECT_THAT(kernel_.log(), ElementsAre("state=mem", "state=disk"));
  kernel_.fail("state=mem", EBUSY);
  EXPECT_EQ(suspend(tools(), PowerAction::kSuspendToRam).error().errno_value, EBUSY);
}

TEST_F(Suspend, HybridChoosesTheModeOfTheKernelAndPutsItBack) {
  fixture_.dir().write("sys/power/state", "freeze mem disk\n");
  fixture_.dir().write("sys/power/disk", "[platform] shutdown reboot suspend\n");
  ASSERT_TRUE(suspend(tools(), PowerAction::kHybridSleep));
  EXPECT_THAT(kernel_.log(), ElementsAre("disk=suspend", "state=disk", "disk=platform"));
}

TEST_F(Suspend, HybridDoesNotSleepOtherwiseIfTheModeIsRefused) {
  fixture_.dir().write("sys/power/state", "mem disk\n");
  fixture_.dir().write("sys/power/disk", "[platform] suspend\n");
  kernel_.fail("disk=suspend", EPERM);
  EXPECT_FALSE(suspend(tools(), PowerAction::kHybridSleep));
  EXPECT_THAT(kernel_.log(), ElementsAre("disk=suspend"));
  fixture_.dir().write("sys/power/disk", "[platform] shutdown\n");
  EXPECT_EQ(suspend(tools(), PowerAction::kHybridSleep).error().text, kNotSupported);
}

TEST_F(Suspend, AsksSystemdOnlyForWhatTheKernelCan) {
  boot_with("systemd");
  install("bin/systemctl");
  EXPECT_EQ(suspend(tools(), PowerAction::kSuspendToRam).error().text, kNotSupported);
  EXPECT_THAT(programs_.lines(), IsEmpty());
  fixture_.dir().write("sys/power/state", "mem\n");
  ASSERT_TRUE(suspend(tools(), PowerAction::kSuspendToRam));
  EXPECT_THAT(programs_.lines(),
              ElementsAre("/bin/systemctl --no-block --no-ask-password --job-mode=replace-irreversibly start "
                          "suspend.target"));
  EXPECT_THAT(kernel_.log(), IsEmpty());
}

TEST_F(Suspend, AsksPmUtilsWhetherTheyCan) {
  install("usr/bin/pm-is-supported");
  install("usr/sbin/pm-hibernate");
  ASSERT_TRUE(suspend(tools(), PowerAction::kSuspendToDisk));
  EXPECT_THAT(programs_.lines(), ElementsAre("/usr/bin/pm-is-supported --hibernate", "/usr/sbin/pm-hibernate"));
  fail_programs();
  EXPECT_EQ(suspend(tools(), PowerAction::kSuspendToDisk).error().text, kNotSupported);
}

TEST_F(Suspend, GivesPmUtilsTheTimeThatAMachineNeedsToFallAsleep) {
  install("usr/bin/pm-is-supported");
  install("usr/sbin/pm-hibernate");
  ASSERT_TRUE(suspend(tools(), PowerAction::kSuspendToDisk));
  EXPECT_GE(programs_.calls().back().time_limit, std::chrono::minutes(2));
}

TEST_F(Suspend, IsKnownBeforehandFromTheKernel) {
  EXPECT_FALSE(kernel_can_suspend(root_, PowerAction::kSuspendToRam));
  fixture_.dir().write("sys/power/state", "freeze mem disk\n");
  fixture_.dir().write("sys/power/disk", "[platform] shutdown\n");
  EXPECT_TRUE(kernel_can_suspend(root_, PowerAction::kSuspendToRam));
  EXPECT_TRUE(kernel_can_suspend(root_, PowerAction::kSuspendToDisk));
  EXPECT_FALSE(kernel_can_suspend(root_, PowerAction::kHybridSleep));
}

TEST(KernelPower, IsOutOfReachOnAFixture) {
  const support::FixtureRoot fixture;
  const auto kernel = kernel_power(fixture.root());
  EXPECT_EQ(kernel->end_system(PowerAction::kPowerDown).error().text, "the power is left alone: this is a fixture");
  EXPECT_EQ(kernel->write("state", "mem").error().text, "the power is left alone: this is a fixture");
}

}  // namespace
}  // namespace guestd::platform
