// SPDX-License-Identifier: Apache-2.0
#include "tests/commands/suspend_bench.hpp"

namespace guestd::commands {
namespace {

TEST(SuspendRam, KeepsTheMemoryPowered) { expect_sleep(suspend_ram, {"state=mem"}); }

TEST(SuspendRam, IsUnsupportedInAGuestThatCannot) { expect_no_sleep(suspend_ram); }

}  // namespace
}  // namespace guestd::commands
