// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(GetTimezone, IsTheOffsetInForceNow) {
  CommandBench bench("debian12");
  const auto winter = get_timezone(bench.context());
  ASSERT_TRUE(winter);
  EXPECT_EQ(winter->zone, "CET");
  EXPECT_EQ(winter->offset, 3600);
  bench.clock().advance(std::chrono::hours(24 * 180));
  const auto summer = get_timezone(bench.context());
  EXPECT_EQ(summer->zone, "CEST");
  EXPECT_EQ(summer->offset, 7200);
}

TEST(GetTimezone, FollowsAZoneThatIsChangedWhileTheAgentRuns) {
  const support::FixtureRoot fixture("debian12");
  CommandBench bench(fixture.root());
  EXPECT_EQ(get_timezone(bench.context())->zone, "CET");
  std::filesystem::remove(fixture.dir() / "etc/localtime");
  EXPECT_EQ(get_timezone(bench.context())->zone, "UTC");
}

TEST(GetTimezone, FailsForADamagedZone) {
  CommandBench bench("weird");
  const auto result = get_timezone(bench.context());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().text, "Couldn't retrieve local timezone");
}

}  // namespace
}  // namespace guestd::commands
