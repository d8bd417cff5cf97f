// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(Sync, EchoesEveryNumberExactly) {
  CommandBench bench;
  constexpr std::int64_t kIds[] = {0, -1, 1'700'000'000'123, std::numeric_limits<std::int64_t>::max(),
                                   std::numeric_limits<std::int64_t>::min()};
  for (const std::int64_t id : kIds) EXPECT_EQ(*sync(bench.context(), SyncArgs{.id = id}), id);
}

}  // namespace
}  // namespace guestd::commands
