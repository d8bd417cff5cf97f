// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(GetLoad, TellsTheThreeAverages) {
  CommandBench bench("debian12");
  const auto load = get_load(bench.context());
  ASSERT_TRUE(load);
  EXPECT_DOUBLE_EQ(load->load1m, 0.12);
  EXPECT_DOUBLE_EQ(load->load5m, 0.31);
  EXPECT_DOUBLE_EQ(load->load15m, 0.25);
}

TEST(GetLoad, SaysWhyItCannot) {
  CommandBench bench("alpine");
  const auto load = get_load(bench.context());
  ASSERT_FALSE(load);
  EXPECT_EQ(load.error().text, "cannot query load average: No such file or directory");
}

}  // namespace
}  // namespace guestd::commands
