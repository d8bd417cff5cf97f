// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <optional>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(GetOsinfo, TellsKernelAndSystem) {
  CommandBench bench("debian12");
  const auto os = get_osinfo(bench.context());
  ASSERT_TRUE(os);
  EXPECT_EQ(os->kernel_release, "6.1.0-31-amd64");
  EXPECT_EQ(os->kernel_version, "#1 SMP PREEMPT_DYNAMIC Debian 6.1.128-1 (2025-02-07)");
  EXPECT_EQ(os->machine, "x86_64");
  EXPECT_EQ(os->id, "debian");
  EXPECT_EQ(os->name, "Debian GNU/Linux");
  EXPECT_EQ(os->pretty_name, "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(os->version, "12 (bookworm)");
  EXPECT_EQ(os->version_id, "12");
  EXPECT_EQ(os->variant, std::nullopt);
  EXPECT_EQ(os->variant_id, std::nullopt);
}

TEST(GetOsinfo, LeavesOutWhatOneBadLineWouldHaveSaid) {
  CommandBench bench("weird");
  const auto os = get_osinfo(bench.context());
  ASSERT_TRUE(os);
  EXPECT_EQ(os->kernel_release, std::nullopt);
  EXPECT_EQ(os->name, "Weird \"Linux\"");
  EXPECT_EQ(os->id, "weird");
  EXPECT_EQ(os->version_id, "1.5");
  EXPECT_EQ(os->variant, "");
  EXPECT_EQ(os->variant_id, std::nullopt);
}

TEST(GetOsinfo, ReadsTheFileThatTheEnvironmentNames) {
  CommandBench bench("debian12");
  bench.host().os_release_path = "/not/there";
  const auto os = get_osinfo(bench.context());
  ASSERT_TRUE(os);
  EXPECT_EQ(os->machine, "x86_64");
  EXPECT_EQ(os->id, std::nullopt);
}

}  // namespace
}  // namespace guestd::commands
