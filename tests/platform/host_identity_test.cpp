// SPDX-License-Identifier: Apache-2.0
#include "platform/host_identity.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

TEST(HostName, OfTheMachineIsWhatGethostnameSays) {
  std::array<char, 256> expected{};
  ASSERT_EQ(::gethostname(expected.data(), expected.size() - 1), 0);
  EXPECT_EQ(*host_name(Root::system()), expected.data());
}

TEST(HostName, OfAFixtureIsWithoutLineEnd) { EXPECT_EQ(*host_name(support::FixtureRoot("alpine").root()), "alpine"); }

TEST(HostName, CanBeMissingInAFixture) {
  const auto name = host_name(support::FixtureRoot("weird").root());
  ASSERT_FALSE(name);
  EXPECT_EQ(name.error().errno_value, ENOENT);
}

TEST(KernelIdentity, OfTheMachineIsTheSameAsInProc) {
  const auto kernel = kernel_identity(Root::system());
  ASSERT_TRUE(kernel);
  EXPECT_EQ(kernel->release + "\n", *Root::system().read_file("/proc/sys/kernel/osrelease"));
  EXPECT_EQ(kernel->version + "\n", *Root::system().read_file("/proc/sys/kernel/version"));
  EXPECT_FALSE(kernel->machine.empty());
}

TEST(KernelIdentity, OfAFixtureComesFromItsProc) {
  const auto kernel = kernel_identity(support::FixtureRoot("debian12").root());
  ASSERT_TRUE(kernel);
  EXPECT_EQ(kernel->release, "6.1.0-31-amd64");
  EXPECT_EQ(kernel->version, "#1 SMP PREEMPT_DYNAMIC Debian 6.1.128-1 (2025-02-07)");
  EXPECT_EQ(kernel->machine, "x86_64");
}

}  // namespace
}  // namespace guestd::platform
