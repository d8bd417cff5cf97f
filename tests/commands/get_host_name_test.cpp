// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(GetHostName, IsTheKernelsName) {
  CommandBench bench("debian12");
  EXPECT_EQ(get_host_name(bench.context())->host_name, "debian12");
}

TEST(GetHostName, SaysWhyItCannotBeTold) {
  CommandBench bench("weird");
  const auto result = get_host_name(bench.context());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().text, "cannot get hostname: No such file or directory");
}

}  // namespace
}  // namespace guestd::commands
