// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(Ping, Succeeds) {
  CommandBench bench;
  EXPECT_TRUE(ping(bench.context()));
}

}  // namespace
}  // namespace guestd::commands
