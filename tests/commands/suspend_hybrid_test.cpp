// SPDX-License-Identifier: Apache-2.0
#include "tests/commands/suspend_bench.hpp"

namespace guestd::commands {
namespace {

TEST(SuspendHybrid, WritesTheMemoryToTheDiskAndKeepsItPowered) {
  expect_sleep(suspend_hybrid, {"disk=suspend", "state=disk", "disk=platform"});
}

TEST(SuspendHybrid, IsUnsupportedInAGuestThatCannot) { expect_no_sleep(suspend_hybrid); }

}  // namespace
}  // namespace guestd::commands
