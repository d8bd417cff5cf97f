// SPDX-License-Identifier: Apache-2.0
#include "platform/memory_figures.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

constexpr std::uint64_t kGibibyte = 1U << 30U;

TEST(MemInfo, IsInBytes) {
  const auto info = parse_meminfo("MemTotal:        4011684 kB\nMemFree: 1 kB\nNew: 5 kB\nSwapTotal:       0 kB\n");
  EXPECT_EQ(info.total_bytes, 4107964416U);
  EXPECT_EQ(info.free_bytes, 1024U);
  EXPECT_EQ(info.swap_total_bytes, 0U);
  EXPECT_EQ(info.available_bytes, std::nullopt);
}

TEST(MemInfo, OfANodeHasItsNumberInFront) {
  const auto info = parse_meminfo("Node 12 MemTotal: 2 kB\nNode 12 FilePages:   3 kB\nNode 12 HugePages_Total: 4\n");
  EXPECT_EQ(info.total_bytes, 2048U);
  EXPECT_EQ(info.cached_bytes, 3072U);
}

TEST(MemInfo, LeavesOutBrokenLines) {
  const auto info =
      parse_meminfo("MemTotal: kB\nMemFree: -1 kB\nBuffers: 5\nCached 18446744073709551615 kB\nNode\n\n:");
  EXPECT_EQ(info.total_bytes, std::nullopt);
  EXPECT_EQ(info.free_bytes, std::nullopt);
  EXPECT_EQ(info.buffers_bytes, std::nullopt);
  EXPECT_EQ(info.cached_bytes, std::nullopt);
}

TEST(MemInfo, SaysWhyItCannotBeRead) {
  const support::FixtureRoot machine;
  EXPECT_EQ(meminfo(machine.root()).error().text, "cannot read /proc/meminfo: No such file or directory");
  machine.dir().write("proc/meminfo", "MemTotal: 1 kB\n");
  EXPECT_EQ(meminfo(machine.root()).error().text, "cannot read /proc/meminfo: Invalid argument");
}

TEST(HugePages, AreListedBySize) {
  const support::FixtureRoot machine;
  for (const char* size : {"1048576", "64", "2048"}) {
    const std::string folder = std::string("sys/kernel/mm/hugepages/hugepages-") + size + "kB/";
    machine.dir().write(folder + "nr_hugepages", "10\n");
    machine.dir().write(folder + "free_hugepages", "4\n");
    machine.dir().write(folder + "resv_hugepages", "3\n");
    machine.dir().write(folder + "surplus_hugepages", "2\n");
  }
  machine.dir().write("sys/kernel/mm/hugepages/hugepages-kB/nr_hugepages", "1\n");
  const auto all = huge_pages(machine.root());
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].size_bytes, 64U << 10U);
  EXPECT_EQ(all[2].size_bytes, kGibibyte);
  EXPECT_EQ(all[1].total, 10U);
  EXPECT_EQ(all[1].free, 4U);
  EXPECT_EQ(all[1].reserved, 3U);
  EXPECT_EQ(all[1].surplus, 2U);
}

TEST(MemoryNodes, HaveTheirOwnMemoryAndHugePages) {
  const support::FixtureRoot machine;
  for (const char* node : {"0", "2", "10"}) {
    const std::string folder = std::string("sys/devices/system/node/node") + node + "/";
    const std::string line = std::string("Node ") + node;
    machine.dir().write(folder + "meminfo", line + " MemTotal: 1048576 kB\n" + line + " MemFree: " + node + " kB\n");
    machine.dir().write(folder + "hugepages/hugepages-2048kB/nr_hugepages", "1\n");
    machine.dir().write(folder + "hugepages/hugepages-2048kB/free_hugepages", "0\n");
  }
  machine.dir().write("sys/devices/system/node/node3/meminfo", "garbage");
  machine.dir().write("sys/devices/system/node/has_cpu", "0\n");
  const auto nodes = memory_nodes(machine.root());
  ASSERT_EQ(nodes.size(), 3U);
  EXPECT_EQ(nodes[2].number, 10U);
  EXPECT_EQ(nodes[2].info.total_bytes, kGibibyte);
  EXPECT_EQ(nodes[2].info.free_bytes, 10240U);
  ASSERT_EQ(nodes[2].huge_pages.size(), 1U);
  EXPECT_EQ(nodes[2].huge_pages[0].reserved, std::nullopt);
}

TEST(MemoryNodes, AreNoneWhereTheKernelHasNone) { EXPECT_TRUE(memory_nodes(support::FixtureRoot().root()).empty()); }

TEST(MemoryLimit, IsThatOfTheTopmostGroup) {
  const support::FixtureRoot machine;
  machine.dir().write("sys/fs/cgroup/memory.max", "1073741824\n");
  machine.dir().write("sys/fs/cgroup/memory.current", "4096\n");
  const auto limit = memory_limit(machine.root());
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->limit_bytes, kGibibyte);
  EXPECT_EQ(limit->used_bytes, 4096U);
}

TEST(MemoryLimit, IsKnownInTheFirstVersionToo) {
  const support::FixtureRoot machine;
  machine.dir().write("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n");
  const auto limit = memory_limit(machine.root());
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->limit_bytes, kGibibyte);
  EXPECT_EQ(limit->used_bytes, std::nullopt);
}

TEST(MemoryLimit, IsNothingWithoutALimit) {
  EXPECT_FALSE(memory_limit(support::FixtureRoot().root()));
  const support::FixtureRoot second;
  second.dir().write("sys/fs/cgroup/memory.max", "max\n");
  EXPECT_FALSE(memory_limit(second.root()));
  const support::FixtureRoot first;
  first.dir().write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_FALSE(memory_limit(first.root()));
}

}  // namespace
}  // namespace guestd::platform
