// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <optional>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(GuestdGetMemoryStats, TellsWhatTheKernelSays) {
  CommandBench bench("debian12");
  const auto stats = guestd_get_memory_stats(bench.context());
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->total, 4011684U << 10U);
  EXPECT_EQ(stats->free, 2850816U << 10U);
  EXPECT_EQ(stats->available, 3429228U << 10U);
  EXPECT_EQ(stats->buffers, 31548U << 10U);
  EXPECT_EQ(stats->cached, 612344U << 10U);
  EXPECT_EQ(stats->reclaimable, 61440U << 10U);
  EXPECT_EQ(stats->shared, 4096U << 10U);
  EXPECT_EQ(stats->dirty, 128U << 10U);
  EXPECT_EQ(stats->swap_total, 998396U << 10U);
  EXPECT_EQ(stats->swap_free, 998396U << 10U);
  EXPECT_EQ(stats->transparent_huge, 71680U << 10U);
  ASSERT_EQ(stats->huge_pages.size(), 1U);
  EXPECT_EQ(stats->huge_pages[0].size, 2U << 20U);
  EXPECT_EQ(stats->huge_pages[0].total, 16U);
  EXPECT_EQ(stats->huge_pages[0].free, 12U);
  EXPECT_EQ(stats->huge_pages[0].reserved, 0U);
  EXPECT_EQ(stats->huge_pages[0].surplus, 0U);
  EXPECT_FALSE(stats->limit.has_value());
}

TEST(GuestdGetMemoryStats, TellsTheNodesApart) {
  CommandBench bench("debian12");
  const auto stats = guestd_get_memory_stats(bench.context());
  ASSERT_TRUE(stats);
  ASSERT_EQ(stats->nodes.size(), 1U);
  EXPECT_EQ(stats->nodes[0].node, 0U);
  EXPECT_EQ(stats->nodes[0].total, 4011684U << 10U);
  EXPECT_EQ(stats->nodes[0].cached, 643892U << 10U);
  ASSERT_EQ(stats->nodes[0].huge_pages.size(), 1U);
  EXPECT_EQ(stats->nodes[0].huge_pages[0].reserved, std::nullopt);
}

TEST(GuestdGetMemoryStats, TellsTheLimitOfAContainer) {
  const support::FixtureRoot machine("debian12");
  machine.dir().write("sys/fs/cgroup/memory.max", "1073741824\n");
  machine.dir().write("sys/fs/cgroup/memory.current", "4096\n");
  CommandBench bench(machine.root());
  const auto stats = guestd_get_memory_stats(bench.context());
  ASSERT_TRUE(stats);
  ASSERT_TRUE(stats->limit.has_value());
  EXPECT_EQ(stats->limit->limit, 1U << 30U);
  EXPECT_EQ(stats->limit->used, 4096U);
}

TEST(GuestdGetMemoryStats, NeedsNoMoreThanTheTotalAndTheFree) {
  const support::FixtureRoot machine;
  machine.dir().write("proc/meminfo", "MemTotal: 2 kB\nMemFree: 1 kB\n");
  CommandBench bench(machine.root());
  const auto stats = guestd_get_memory_stats(bench.context());
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->total, 2048U);
  EXPECT_EQ(stats->available, std::nullopt);
  EXPECT_TRUE(stats->huge_pages.empty());
  EXPECT_TRUE(stats->nodes.empty());
}

TEST(GuestdGetMemoryStats, SaysWhyItCannot) {
  CommandBench bench("alpine");
  const auto stats = guestd_get_memory_stats(bench.context());
  ASSERT_FALSE(stats);
  EXPECT_EQ(stats.error().text, "cannot read /proc/meminfo: No such file or directory");
}

}  // namespace
}  // namespace guestd::commands
