// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(FileFlush, SucceedsWhereNothingWasLost) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir() / "file", "w");
  ASSERT_TRUE(write(bench, handle, "x"));
  EXPECT_TRUE(flush(bench, handle));
}

TEST(FileFlush, ReportsDataThatAWriteLostAgainAndAgain) {
  CommandBench bench;
  const auto handle = open_handle(bench, "/dev/full", "w");
  EXPECT_FALSE(write(bench, handle, "x"));
  EXPECT_EQ(flush(bench, handle).error().text, "failed to flush file: No space left on device");
  EXPECT_EQ(flush(bench, handle).error().text, "failed to flush file: No space left on device");
}

TEST(FileFlush, DoesNotHoldAFullFifoAgainstTheHandle) {
  CommandBench bench;
  ASSERT_EQ(::mkfifo((bench.dir() / "fifo").c_str(), 0600), 0);
  open_handle(bench, bench.dir() / "fifo", "r");
  const auto handle = open_handle(bench, bench.dir() / "fifo", "w");
  while (write(bench, handle, std::string(60'000, 'x'))) {
  }
  EXPECT_TRUE(flush(bench, handle));
  EXPECT_TRUE(close(bench, handle));
}

TEST(FileFlush, NeedsAHandle) {
  CommandBench bench;
  EXPECT_EQ(flush(bench, 7).error().text, "handle '7' has not been found");
}

}  // namespace
}  // namespace guestd::commands
