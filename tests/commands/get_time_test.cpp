// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(GetTime, IsTheClockInNanoseconds) {
  CommandBench bench;
  EXPECT_EQ(*get_time(bench.context()), 1'700'000'000'123'456'789);
}

}  // namespace
}  // namespace guestd::commands
