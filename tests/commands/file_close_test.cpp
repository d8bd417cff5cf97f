// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(FileClose, EndsTheHandle) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir().write("file", "x"));
  EXPECT_TRUE(close(bench, handle));
  EXPECT_EQ(bench.files().size(), 0U);
  const auto again = close(bench, handle);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().text, "handle '1000' has not been found");
}

TEST(FileClose, DoesNotClaimSuccessAfterLostData) {
  CommandBench bench;
  const auto handle = open_handle(bench, "/dev/full", "w");
  EXPECT_FALSE(write(bench, handle, "x"));
  const auto closed = close(bench, handle);
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().text, "failed to close handle: No space left on device");
  EXPECT_EQ(close(bench, handle).error().text, "handle '1000' has not been found") << "gone all the same";
}

TEST(FileClose, KnowsNoOtherHandles) {
  CommandBench bench;
  EXPECT_EQ(close(bench, 0).error().text, "handle '0' has not been found");
  EXPECT_EQ(close(bench, -5).error().text, "handle '-5' has not been found");
}

}  // namespace
}  // namespace guestd::commands
