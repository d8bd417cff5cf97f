// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(GetMemoryBlockInfo, TellsTheSizeInBytes) {
  CommandBench bench("debian12");
  const auto info = get_memory_block_info(bench.context());
  ASSERT_TRUE(info);
  EXPECT_EQ(info->size, 128U << 20U);
}

TEST(GetMemoryBlockInfo, SaysWhyItCannot) {
  CommandBench bench("alpine");
  const auto info = get_memory_block_info(bench.context());
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().text, "open(\"/sys/devices/system/memory/\"): No such file or directory");
}

}  // namespace
}  // namespace guestd::commands
