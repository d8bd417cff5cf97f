// SPDX-License-Identifier: Apache-2.0
#include "platform/freezer.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "platform/host.hpp"
#include "tests/support/fixture_root.hpp"

// The real ioctls are tried by tests/freeze, where nothing of this machine can be frozen. Nothing here calls freeze().

namespace guestd::platform {
namespace {

Mount mount_at(const std::string& mountpoint) {
  const auto table = mounts(Root::system());
  for (const Mount& mount : table->mounts()) {
    if (mount.mountpoint == mountpoint && table->is_visible(mount)) return mount;
  }
  return {};
}

TEST(KernelFreezer, RefusesOnAFixture) {
  const support::FixtureRoot fixture;
  const auto target = kernel_freezer(fixture.root())->open(mount_at("/proc"));
  ASSERT_FALSE(target);
  EXPECT_EQ(target.error().text, "failed to open /proc: this is not the machine itself");
}

TEST(KernelFreezer, OpensTheMountThatIsMeantAndNoOther) {
  const auto freezer = kernel_freezer(Root::system());
  Mount mount = mount_at("/proc");
  ASSERT_EQ(mount.type, "proc");
  EXPECT_TRUE(freezer->open(mount));
  mount.id += 100000;
  mount.device = {99, 99};
  const auto other = freezer->open(mount);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().errno_value, ESTALE);
  EXPECT_TRUE(other.error().text.starts_with("failed to open /proc: "));
}

TEST(KernelFreezer, FollowsNoLinks) {
  Mount mount = mount_at("/proc");
  mount.mountpoint = "/proc/self";
  const auto target = kernel_freezer(Root::system())->open(mount);
  ASSERT_FALSE(target);
  EXPECT_NE(target.error().errno_value, 0);
}

TEST(SystemHost, FreezesNothingWhereItIsTold) {
  ::setenv("GUESTD_HANDS_OFF", "1", 1);
  const Host host = system_host();
  const auto target = host.freezer->open(mount_at("/proc"));
  ::unsetenv("GUESTD_HANDS_OFF");
  ASSERT_FALSE(target);
  EXPECT_EQ(target.error().text, "failed to open /proc: GUESTD_HANDS_OFF is set");
}

}  // namespace
}  // namespace guestd::platform
