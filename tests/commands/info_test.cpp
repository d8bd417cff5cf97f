// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(Info, ListsTheCommandsLastOneFirst) {
  CommandBench bench;
  bench.catalog().list = {{"first", true, true}, {"second", false, true}, {"third", true, false}};
  const auto result = info(bench.context());
  ASSERT_TRUE(result);
  ASSERT_EQ(result->supported_commands.size(), 3U);
  EXPECT_EQ(result->supported_commands[0].name, "third");
  EXPECT_TRUE(result->supported_commands[0].enabled);
  EXPECT_FALSE(result->supported_commands[0].success_response);
  EXPECT_EQ(result->supported_commands[1].name, "second");
  EXPECT_FALSE(result->supported_commands[1].enabled);
  EXPECT_TRUE(result->supported_commands[1].success_response);
  EXPECT_EQ(result->supported_commands[2].name, "first");
}

TEST(Info, GivesTheVersionOfTheProtocolsModel) {
  CommandBench bench;
  EXPECT_EQ(info(bench.context())->version, "10.2.2");
}

}  // namespace
}  // namespace guestd::commands
