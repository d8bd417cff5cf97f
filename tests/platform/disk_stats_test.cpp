// SPDX-License-Identifier: Apache-2.0
#include "platform/disk_stats.hpp"

#include <gtest/gtest.h>

#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

DiskStats only_line(std::string_view line) {
  const auto all = parse_diskstats(line);
  EXPECT_EQ(all.size(), 1U) << line;
  return all.empty() ? DiskStats{} : all.front();
}

TEST(ParseDiskstats, ReadsAllThatTodaysKernelsCount) {
  const DiskStats stats = only_line(" 254       0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n");
  EXPECT_EQ(stats.number, (DeviceNumber{254, 0}));
  EXPECT_EQ(stats.name, "vda");
  EXPECT_EQ(stats.reads->ios, 1U);
  EXPECT_EQ(stats.details->read_merges, 2U);
  EXPECT_EQ(stats.reads->sectors, 3U);
  EXPECT_EQ(stats.details->read_ms, 4U);
  EXPECT_EQ(stats.writes->ios, 5U);
  EXPECT_EQ(stats.details->write_merges, 6U);
  EXPECT_EQ(stats.writes->sectors, 7U);
  EXPECT_EQ(stats.details->write_ms, 8U);
  EXPECT_EQ(stats.details->in_progress, 9U);
  EXPECT_EQ(stats.details->busy_ms, 10U);
  EXPECT_EQ(stats.details->weighted_ms, 11U);
  EXPECT_EQ(stats.discards->requests.ios, 12U);
  EXPECT_EQ(stats.discards->merges, 13U);
  EXPECT_EQ(stats.discards->requests.sectors, 14U);
  EXPECT_EQ(stats.discards->ms, 15U);
  EXPECT_EQ(stats.flushes->ios, 16U);
  EXPECT_EQ(stats.flushes->ms, 17U);
}

TEST(ParseDiskstats, LeavesOutWhatOlderKernelsDoNotCount) {
  const DiskStats discards = only_line("8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
  EXPECT_TRUE(discards.discards);
  EXPECT_FALSE(discards.flushes);
  const DiskStats classic = only_line("8 0 sda 1 2 3 4 5 6 7 8 9 10 11");
  EXPECT_TRUE(classic.details);
  EXPECT_FALSE(classic.discards);
  const DiskStats oldest = only_line("8 1 sda1 1 2 3 4");
  EXPECT_EQ(oldest.reads->ios, 1U);
  EXPECT_EQ(oldest.reads->sectors, 2U);
  EXPECT_EQ(oldest.writes->ios, 3U);
  EXPECT_EQ(oldest.writes->sectors, 4U);
  EXPECT_FALSE(oldest.details);
}

TEST(ParseDiskstats, IgnoresFieldsThatItDoesNotKnow) {
  EXPECT_EQ(only_line("8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 nineteen").flushes->ms, 17U);
}

TEST(ParseDiskstats, KeepsADeviceWhoseCountersHaveAnUnknownForm) {
  const DiskStats stats = only_line("8 0 sda 1 2 3 4 5");
  EXPECT_EQ(stats.name, "sda");
  EXPECT_FALSE(stats.reads);
}

TEST(ParseDiskstats, SkipsLinesThatAreNoneOfThese) {
  const auto all = parse_diskstats("\n8 sda 1 2 3 4\n8 0\n8 0 sda 1 2 x 4\n8 0 sdb -1 2 3 4\n8 16 sdc 1 2 3 4\n");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].name, "sdc");
}

TEST(DiskStatsFile, IsReadLineByLine) {
  const auto all = disk_stats(support::FixtureRoot("debian12").root());
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[1].name, "vda1");
  EXPECT_EQ(disk_stats(support::FixtureRoot().root()).error().errno_value, ENOENT);
}

}  // namespace
}  // namespace guestd::platform
