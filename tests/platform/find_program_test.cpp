// SPDX-License-Identifier: Apache-2.0
#include "platform/find_program.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

TEST(FindProgram, TakesTheFirstFileThatCanBeRun) {
  const support::FixtureRoot fixture;
  const auto& dir = fixture.dir();
  std::filesystem::permissions(dir.write("bin/tool", ""), std::filesystem::perms::owner_all);
  EXPECT_EQ(find_program(fixture.root(), "tool"), "/bin/tool");
  dir.write("usr/sbin/tool", "not executable");
  EXPECT_EQ(find_program(fixture.root(), "tool"), "/bin/tool");
  std::filesystem::permissions(dir.write("sbin/tool", ""), std::filesystem::perms::owner_all);
  EXPECT_EQ(find_program(fixture.root(), "tool"), "/sbin/tool");
}

TEST(FindProgram, FollowsLinksInsideTheRoot) {
  const support::FixtureRoot fixture;
  std::filesystem::permissions(fixture.dir().write("bin/busybox", ""), std::filesystem::perms::owner_all);
  std::filesystem::create_directory(fixture.dir() / "sbin");
  std::filesystem::create_symlink("/bin/busybox", fixture.dir() / "sbin/halt");
  std::filesystem::create_symlink("/bin/nothing", fixture.dir() / "sbin/reboot");
  EXPECT_EQ(find_program(fixture.root(), "halt"), "/sbin/halt");
  EXPECT_EQ(find_program(fixture.root(), "reboot"), std::nullopt);
}

TEST(FindProgram, FindsNoFolder) {
  const support::FixtureRoot fixture;
  std::filesystem::create_directories(fixture.dir() / "sbin/tool");
  EXPECT_EQ(find_program(fixture.root(), "tool"), std::nullopt);
}

}  // namespace
}  // namespace guestd::platform
