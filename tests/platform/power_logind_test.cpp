// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "platform/power.hpp"
#include "tests/support/fake_bus_peer.hpp"
#include "tests/support/fake_power.hpp"
#include "tests/support/fake_programs.hpp"
#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

using support::FakeBusPeer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A guest with logind, and with a poweroff(8) to fall back on.
class PowerByLogind : public testing::Test {
 protected:
  PowerByLogind() {
    std::filesystem::permissions(fixture_.dir().write("sbin/poweroff", ""), std::filesystem::perms::owner_all);
    fixture_.dir().write("sys/power/state", "freeze mem disk\n");
  }
  [[nodiscard]] PowerTools tools() { return {root_, *bus_, programs_, kernel_, clock_}; }
  void expect_nothing_else() {
    EXPECT_THAT(programs_.lines(), IsEmpty());
    EXPECT_THAT(kernel_.log(), IsEmpty());
  }

  support::FixtureRoot fixture_;
  Root root_ = fixture_.root();
  FakeBusPeer logind_;
  std::unique_ptr<SystemBus> bus_ = logind_.bus();
  support::FakePrograms programs_;
  support::FakePower kernel_;
  support::FakeClock clock_;
};

TEST_F(PowerByLogind, AsksWhetherItCanAndThenToActForEveryAction) {
  for (const char* method : {"PowerOff", "Halt", "Reboot", "Suspend", "Hibernate", "HybridSleep"}) {
    logind_.on_text(std::string("Can") + method, "yes");
    logind_.on_success(method);
  }
  EXPECT_TRUE(shut_down(tools(), PowerAction::kPowerDown));
  EXPECT_TRUE(shut_down(tools(), PowerAction::kHalt));
  EXPECT_TRUE(shut_down(tools(), PowerAction::kReboot));
  EXPECT_TRUE(suspend(tools(), PowerAction::kSuspendToRam));
  EXPECT_TRUE(suspend(tools(), PowerAction::kSuspendToDisk));
  EXPECT_TRUE(suspend(tools(), PowerAction::kHybridSleep));
  EXPECT_THAT(logind_.calls(),
              ElementsAre("CanPowerOff", "PowerOff", "CanHalt", "Halt", "CanReboot", "Reboot", "CanSuspend", "Suspend",
                          "CanHibernate", "Hibernate", "CanHybridSleep", "HybridSleep"));
  expect_nothing_else();
}

TEST_F(PowerByLogind, NeverHasSomebodyAskedForAPassword) {
  int interactive = -1;
  logind_.on_text("CanPowerOff", "yes");
  logind_.on("PowerOff", [&](sd_bus_message* request) {
    const int result = sd_bus_message_read(request, "b", &interactive);
    return result < 0 ? result : sd_bus_reply_method_return(request, nullptr);
  });
  EXPECT_TRUE(shut_down(tools(), PowerAction::kPowerDown));
  EXPECT_EQ(interactive, 0);
}

TEST_F(PowerByLogind, PassesOverInhibitors) {
  std::uint64_t flags = 0;
  logind_.on_text("CanPowerOff", "yes");
  logind_.on_error("PowerOff", "org.freedesktop.login1.BlockedByInhibitorLock", "Access denied");
  logind_.on("PowerOffWithFlags", [&](sd_bus_message* request) {
    const int result = sd_bus_message_read(request, "t", &flags);
    return result < 0 ? result : sd_bus_reply_method_return(request, nullptr);
  });
  EXPECT_TRUE(shut_down(tools(), PowerAction::kPowerDown));
  EXPECT_EQ(flags, 16U) << "SD_LOGIND_SKIP_INHIBITORS";
  expect_nothing_else();
}

TEST_F(PowerByLogind, ShutsDownByOtherMeansIfLogindRefuses) {
  logind_.on_text("CanPowerOff", "yes");
  logind_.on_error("PowerOff", "org.freedesktop.DBus.Error.AccessDenied", "Permission denied");
  EXPECT_TRUE(shut_down(tools(), PowerAction::kPowerDown));
  EXPECT_THAT(programs_.lines(), ElementsAre("/sbin/poweroff"));
}

TEST_F(PowerByLogind, TellsLogindsReasonTooIfAllFail) {
  logind_.on_text("CanPowerOff", "no");
  programs_.answer([](const ProgramCall&) { return support::FakePrograms::exit(1); });
  const auto begun = shut_down(tools(), PowerAction::kPowerDown);
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().text, "logind does not allow PowerOff; /sbin/poweroff: exit status 1");
}

TEST_F(PowerByLogind, IsUnsupportedWhereLogindSaysSoWhateverTheKernelSays) {
  logind_.on_text("CanHibernate", "na");
  const auto slept = suspend(tools(), PowerAction::kSuspendToDisk);
  ASSERT_FALSE(slept);
  EXPECT_EQ(slept.error().text, "the requested suspend mode is not supported by the guest");
  EXPECT_EQ(slept.error().kind, Error::Kind::kUnsupported);
  EXPECT_THAT(logind_.calls(), ElementsAre("CanHibernate"));
  expect_nothing_else();
}

TEST_F(PowerByLogind, DoesNotSleepByOtherMeansIfLogindFails) {
  logind_.on_text("CanSuspend", "yes");
  logind_.on_error("Suspend", "org.freedesktop.DBus.Error.Failed", "There is already a shutdown in progress");
  const auto slept = suspend(tools(), PowerAction::kSuspendToRam);
  ASSERT_FALSE(slept);
  EXPECT_THAT(slept.error().text, HasSubstr("There is already a shutdown in progress"));
  expect_nothing_else();
}

TEST_F(PowerByLogind, GoesWithoutABusOnWhichThereIsNoLogind) {
  logind_.on_error("CanSuspend", "org.freedesktop.DBus.Error.ServiceUnknown", "no such name");
  EXPECT_TRUE(suspend(tools(), PowerAction::kSuspendToRam));
  EXPECT_THAT(kernel_.log(), ElementsAre("state=mem"));
}

TEST_F(PowerByLogind, MistrustsAnAnswerOfTheWrongType) {
  logind_.on_success("CanSuspend");
  const auto slept = suspend(tools(), PowerAction::kSuspendToRam);
  ASSERT_FALSE(slept);
  EXPECT_EQ(slept.error().text, "logind gives no answer to CanSuspend");
  expect_nothing_else();
}

}  // namespace
}  // namespace guestd::platform
