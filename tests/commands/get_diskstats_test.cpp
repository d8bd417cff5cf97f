// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <optional>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(GetDiskstats, PutsEveryCounterInItsPlace) {
  support::FixtureRoot fixture;
  fixture.dir().write("proc/diskstats", "8 16 sdb 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n");
  CommandBench bench(fixture.root());
  const auto all = get_diskstats(bench.context());
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ((*all)[0].name, "sdb");
  EXPECT_EQ((*all)[0].major_, 8U);
  EXPECT_EQ((*all)[0].minor_, 16U);
  const GuestDiskStats& stats = (*all)[0].stats;
  EXPECT_EQ(stats.read_ios, 1U);
  EXPECT_EQ(stats.read_merges, 2U);
  EXPECT_EQ(stats.read_sectors, 3U);
  EXPECT_EQ(stats.read_ticks, 4U);
  EXPECT_EQ(stats.write_ios, 5U);
  EXPECT_EQ(stats.write_merges, 6U);
  EXPECT_EQ(stats.write_sectors, 7U);
  EXPECT_EQ(stats.write_ticks, 8U);
  EXPECT_EQ(stats.ios_pgr, 9U);
  EXPECT_EQ(stats.total_ticks, 10U);
  EXPECT_EQ(stats.weight_ticks, 11U);
  EXPECT_EQ(stats.discard_ios, 12U);
  EXPECT_EQ(stats.discard_merges, 13U);
  EXPECT_EQ(stats.discard_sectors, 14U);
  EXPECT_EQ(stats.discard_ticks, 15U);
  EXPECT_EQ(stats.flush_ios, 16U);
  EXPECT_EQ(stats.flush_ticks, 17U);
}

TEST(GetDiskstats, LeavesOutWhatTheKernelDoesNotCount) {
  support::FixtureRoot fixture;
  fixture.dir().write("proc/diskstats", "8 17 sdb1 1 2 3 4\n");
  CommandBench bench(fixture.root());
  const auto all = get_diskstats(bench.context());
  const GuestDiskStats& stats = (*all)[0].stats;
  EXPECT_EQ(stats.read_ios, 1U);
  EXPECT_EQ(stats.read_sectors, 2U);
  EXPECT_EQ(stats.write_ios, 3U);
  EXPECT_EQ(stats.write_sectors, 4U);
  EXPECT_EQ(stats.read_merges, std::nullopt);
  EXPECT_EQ(stats.ios_pgr, std::nullopt);
  EXPECT_EQ(stats.discard_ios, std::nullopt);
  EXPECT_EQ(stats.flush_ios, std::nullopt);
}

TEST(GetDiskstats, SaysWhatItCannotOpen) {
  CommandBench bench(support::FixtureRoot().root());
  EXPECT_EQ(get_diskstats(bench.context()).error().text, "open(\"/proc/diskstats\"): No such file or directory");
}

}  // namespace
}  // namespace guestd::commands
