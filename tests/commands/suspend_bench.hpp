// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {

/// One of the three commands that put a machine to sleep.
template <typename Outcome>
using SuspendCommand = Result<Outcome> (*)(Context&);

/// On a machine that can, the kernel is told `words`, in this order.
template <typename Outcome>
void expect_sleep(SuspendCommand<Outcome> command, const std::vector<std::string>& words) {
  CommandBench bench("debian12");
  ASSERT_TRUE(command(bench.context()));
  EXPECT_EQ(bench.power().log(), words);
}

/// On one that cannot, nothing happens, and the host is told so.
template <typename Outcome>
void expect_no_sleep(SuspendCommand<Outcome> command) {
  CommandBench bench("alpine");
  const auto slept = command(bench.context());
  ASSERT_FALSE(slept);
  EXPECT_EQ(slept.error().text, "the requested suspend mode is not supported by the guest");
  EXPECT_EQ(slept.error().kind, Error::Kind::kUnsupported);
  EXPECT_THAT(bench.power().log(), testing::IsEmpty());
}

}  // namespace guestd::commands
