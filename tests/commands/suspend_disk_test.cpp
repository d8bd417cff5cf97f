// SPDX-License-Identifier: Apache-2.0
#include "tests/commands/suspend_bench.hpp"

namespace guestd::commands {
namespace {

TEST(SuspendDisk, WritesTheMemoryToTheDisk) { expect_sleep(suspend_disk, {"state=disk"}); }

TEST(SuspendDisk, IsUnsupportedInAGuestThatCannot) { expect_no_sleep(suspend_disk); }

}  // namespace
}  // namespace guestd::commands
