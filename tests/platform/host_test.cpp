// SPDX-License-Identifier: Apache-2.0
#include "platform/host.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>

#include "platform/process_limits.hpp"
#include "platform/selinux.hpp"
#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

TEST(SystemHost, IsTheMachineItself) {
  const Host host = system_host();
  EXPECT_TRUE(host.root.is_system());
  EXPECT_TRUE(host.os_release_path.empty());
}

TEST(SystemHost, TakesTheOsReleaseFileFromTheEnvironment) {
  ::setenv("QGA_OS_RELEASE", "/some/file", 1);
  const Host host = system_host();
  ::unsetenv("QGA_OS_RELEASE");
  EXPECT_EQ(host.os_release_path, "/some/file");
}

TEST(SystemHost, LeavesTheMachineAloneIfItIsToldSo) {
  ::setenv("GUESTD_HANDS_OFF", "1", 1);
  const Host host = system_host();
  ::unsetenv("GUESTD_HANDS_OFF");
  EXPECT_FALSE(host.programs->run({"/bin/true"}));
  EXPECT_FALSE(host.bus->connect());
  EXPECT_EQ(host.disks.trim->open("/").error().text, "file systems are left alone: GUESTD_HANDS_OFF is set");
  EXPECT_EQ(host.clock_devices->find_rtc().error().text, "the clocks are left alone: GUESTD_HANDS_OFF is set");
  EXPECT_EQ(host.kernel_power->write("state", "none").error().text, "the power is left alone: GUESTD_HANDS_OFF is set");
  EXPECT_EQ(host.identity->draw().error().text, "the identity is left alone: GUESTD_HANDS_OFF is set");
}

TEST(SystemClock, CountsInNanosecondsSince1970) {
  const auto expected = std::chrono::system_clock::now().time_since_epoch();
  const auto now = std::chrono::nanoseconds(SystemClock().now_ns());
  EXPECT_LT(now - expected, std::chrono::seconds(5));
  EXPECT_GE(now, expected);
}

TEST(SystemClock, MeasuresWithATimeThatDoesNotGoBack) {
  const SystemClock clock;
  const auto first = clock.monotonic();
  EXPECT_GE(clock.monotonic(), first);
}

TEST(SelinuxEnforcing, IsReadFromTheSwitchOfTheKernel) {
  const support::FixtureRoot fixture;
  EXPECT_FALSE(selinux_enforcing(fixture.root()));
  fixture.dir().write("sys/fs/selinux/enforce", "0");
  EXPECT_FALSE(selinux_enforcing(fixture.root()));
  fixture.dir().write("sys/fs/selinux/enforce", "1");
  EXPECT_TRUE(selinux_enforcing(fixture.root()));
}

TEST(AllowOpenFiles, RaisesTheSoftLimitUpToTheHardOne) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{64, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(*allow_open_files(100), 100U);
  EXPECT_EQ(*allow_open_files(80), 100U) << "never lowers it";
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace guestd::platform
