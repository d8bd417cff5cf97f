// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SuspendHybrid, WritesTheMemoryToTheDiskAndKeepsItPowered) {
  CommandBench bench("debian12");
  ASSERT_TRUE(suspend_hybrid(bench.context()));
  EXPECT_THAT(bench.power().log(), ElementsAre("disk=suspend", "state=disk", "disk=platform"));
}

TEST(SuspendHybrid, IsUnsupportedInAGuestThatCannot) {
  CommandBench bench("alpine");
  const auto slept = suspend_hybrid(bench.context());
  ASSERT_FALSE(slept);
  EXPECT_EQ(slept.error().text, "the requested suspend mode is not supported by the guest");
  EXPECT_EQ(slept.error().kind, Error::Kind::kUnsupported);
  EXPECT_THAT(bench.power().log(), IsEmpty());
}

}  // namespace
}  // namespace guestd::commands
