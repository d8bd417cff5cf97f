// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

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

TEST(Info, ShowsKindsOfSleepThatTheSystemLacksAsDisabled) {
  const auto enabled = [](CommandBench& bench) {
    bench.catalog().list = {{"guest-suspend-disk", true, false},
                            {"guest-suspend-ram", true, false},
                            {"guest-suspend-hybrid", true, false},
                            {"guest-shutdown", true, false}};
    std::vector<bool> states;
    const auto result = info(bench.context());
    for (const auto& command : result->supported_commands) states.push_back(command.enabled);
    return states;
  };
  CommandBench all("debian12");
  EXPECT_EQ(enabled(all), (std::vector<bool>{true, true, true, true}));
  all.machine().write("sys/power/state", "freeze mem\n");
  EXPECT_EQ(enabled(all), (std::vector<bool>{true, false, true, false}));
  CommandBench none("alpine");
  EXPECT_EQ(enabled(none), (std::vector<bool>{true, false, false, false}));
}

TEST(Info, DoesNotEnableASleepThatTheConfigurationForbids) {
  CommandBench bench("debian12");
  bench.catalog().list = {{"guest-suspend-ram", false, false}};
  EXPECT_FALSE(info(bench.context())->supported_commands.at(0).enabled);
}

TEST(Info, GivesTheVersionOfTheProtocolsModel) {
  CommandBench bench;
  EXPECT_EQ(info(bench.context())->version, "10.2.2");
}

}  // namespace
}  // namespace guestd::commands
