// SPDX-License-Identifier: Apache-2.0
#include "daemon/confinement_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/agent.hpp"

namespace guestd::daemon {
namespace {

using platform::capability_named;
using platform::Confinement;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

Confinement plan(Profile profile, std::vector<std::string> allow = {}) {
  Configuration configuration;
  configuration.path = std::string(kDefaultVirtioPath);
  configuration.policy.profile = profile;
  configuration.policy.allow = std::move(allow);
  return plan_confinement(configuration, command_rules(configuration));
}

TEST(ConfinementPlan, GivesUpNothingInFull) { EXPECT_FALSE(plan(Profile::kFull).is_any()); }

TEST(ConfinementPlan, LeavesMonitorNothingToRunOrToSet) {
  const auto monitor = plan(Profile::kMonitor);
  EXPECT_EQ(monitor.capabilities, capability_named("CAP_DAC_READ_SEARCH"));
  EXPECT_FALSE(monitor.may_run_programs);
  EXPECT_FALSE(monitor.may_set_clock);
  EXPECT_FALSE(monitor.may_reboot);
  EXPECT_TRUE(monitor.restricts_files);
  EXPECT_THAT(monitor.readable, Contains("/proc"));
  EXPECT_THAT(monitor.readable, Not(Contains("/home")));
  EXPECT_THAT(monitor.writable, testing::IsEmpty());
  EXPECT_THAT(monitor.sockets, testing::ElementsAre("/var/run"));
  EXPECT_THAT(monitor.devices, Contains("/sys/devices/system"));
  EXPECT_EQ(plan(Profile::kNone).capabilities, 0U);
}

TEST(ConfinementPlan, LetsBackupFreezeAndRunHooks) {
  const auto backup = plan(Profile::kBackup);
  EXPECT_TRUE(backup.is_any());
  EXPECT_NE(backup.capabilities & capability_named("CAP_SYS_ADMIN"), 0U);
  EXPECT_EQ(backup.capabilities & capability_named("CAP_SYS_MODULE"), 0U);
  EXPECT_TRUE(backup.may_run_programs);
  EXPECT_FALSE(backup.restricts_files);
}

TEST(ConfinementPlan, GoesByTheCommandsAndNotByTheNameOfTheProfile) {
  EXPECT_FALSE(plan(Profile::kMonitor, {"guest-file-open"}).is_any());
  EXPECT_FALSE(plan(Profile::kMonitor, {"power"}).is_any());
  EXPECT_NE(plan(Profile::kMonitor, {"guest-fstrim"}).capabilities & capability_named("CAP_SYS_ADMIN"), 0U);
  EXPECT_FALSE(plan(Profile::kMonitor, {"guest-fstrim"}).may_run_programs);
}

TEST(ConfinementPlan, LetsTrimOpenMountPointsWhereverTheyAre) {
  EXPECT_FALSE(plan(Profile::kMonitor, {"guest-fstrim"}).restricts_files);
  EXPECT_FALSE(covers(plan(Profile::kMonitor), plan(Profile::kMonitor, {"guest-fstrim"})));
}

TEST(ConfinementPlan, LetsCpusAndMemoryBeSwitchedAlsoWithoutAutoOnline) {
  Configuration configuration;
  configuration.policy.profile = Profile::kMonitor;
  configuration.auto_online = false;
  const auto without = plan_confinement(configuration, command_rules(configuration));
  EXPECT_THAT(without.devices, Not(Contains("/sys/devices/system")));
  for (const char* allowed : {"guest-set-vcpus", "guest-set-memory-blocks"}) {
    configuration.policy.allow = {allowed};
    const auto with = plan_confinement(configuration, command_rules(configuration));
    EXPECT_THAT(with.devices, Contains("/sys/devices/system")) << allowed;
    EXPECT_FALSE(covers(without, with)) << allowed;
  }
}

TEST(ConfinementPlan, CanBeSwitchedOff) {
  Configuration configuration;
  configuration.policy.profile = Profile::kMonitor;
  configuration.policy.confine = false;
  EXPECT_FALSE(plan_confinement(configuration, command_rules(configuration)).is_any());
}

TEST(ConfinementPlan, LeavesTheAgentItsOwnFiles) {
  Configuration configuration;
  configuration.policy.profile = Profile::kMonitor;
  configuration.method = "unix-listen";
  configuration.path = "/run/agent/socket";
  configuration.statedir = "/var/lib/guestd";
  configuration.logfile = "/var/log/guestd.log";
  configuration.audit.file = "/var/log/audit/guestd";
  const auto planned = plan_confinement(configuration, command_rules(configuration));
  EXPECT_THAT(planned.writable, testing::ElementsAre("/var/log", "/var/log/audit"));
  EXPECT_THAT(planned.sockets, testing::ElementsAre("/var/lib/guestd", "/run/agent"));
  EXPECT_THAT(planned.readable, Contains("/var/lib/guestd"));
  EXPECT_THAT(planned.devices, testing::ElementsAre("/dev/null", "/sys/devices/system"));
}

TEST(ConfinementPlan, KnowsTheNeedsOfEveryFamily) {
  for (const auto family : family_names()) EXPECT_TRUE(needs_are_known(family)) << family;
}

TEST(ConfinementPlan, TellsWhenANewPolicyWantsMore) {
  const auto monitor = plan(Profile::kMonitor);
  const auto backup = plan(Profile::kBackup);
  const auto full = plan(Profile::kFull);
  EXPECT_TRUE(covers(full, monitor));
  EXPECT_TRUE(covers(backup, monitor));
  EXPECT_TRUE(covers(monitor, monitor));
  EXPECT_FALSE(covers(monitor, backup));
  EXPECT_FALSE(covers(backup, full));
}

TEST(UnitDropIn, EnclosesWhatTheProfileLeaves) {
  EXPECT_THAT(unit_drop_in(Profile::kMonitor), HasSubstr("CapabilityBoundingSet=CAP_DAC_READ_SEARCH\n"));
  EXPECT_THAT(unit_drop_in(Profile::kMonitor), HasSubstr("SystemCallFilter=@system-service"));
  EXPECT_THAT(unit_drop_in(Profile::kBackup), HasSubstr("CAP_SYS_ADMIN"));
  EXPECT_THAT(unit_drop_in(Profile::kBackup), Not(HasSubstr("SystemCallFilter")));
  EXPECT_THAT(unit_drop_in(Profile::kFull), Not(HasSubstr("[Service]")));
}

}  // namespace
}  // namespace guestd::daemon
