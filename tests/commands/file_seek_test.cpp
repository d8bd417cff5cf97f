// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(FileSeek, TakesNumbersAndNames) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir().write("file", "0123456789"));
  EXPECT_EQ(seek(bench, handle, 3, 0)->position, 3);
  EXPECT_EQ(seek(bench, handle, 2, 1)->position, 5);
  EXPECT_EQ(seek(bench, handle, -1, 2)->position, 9);
  FileSeekArgs args;
  args.handle = handle;
  args.offset = 1;
  args.whence = GuestFileSeekOrigin::kSet;
  EXPECT_EQ(file_seek(bench.context(), args)->position, 1);
  args.whence = GuestFileSeekOrigin::kCur;
  EXPECT_EQ(file_seek(bench.context(), args)->position, 2);
  args.whence = GuestFileSeekOrigin::kEnd;
  EXPECT_EQ(file_seek(bench.context(), args)->position, 11);
}

TEST(FileSeek, RefusesOtherNumbers) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir().write("file", "x"));
  EXPECT_EQ(seek(bench, handle, 0, 3).error().text, "invalid whence code 3");
  EXPECT_EQ(seek(bench, handle, 0, -1).error().text, "invalid whence code -1");
}

TEST(FileSeek, LeavesTheEnd) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir().write("file", "x"));
  read_text(bench, handle);
  EXPECT_TRUE(read(bench, handle, 0)->eof);
  EXPECT_FALSE(seek(bench, handle, 0, 1)->eof);
  EXPECT_FALSE(read(bench, handle, 0)->eof);
}

TEST(FileSeek, SaysWhyItFailed) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir().write("file", "x"));
  EXPECT_EQ(seek(bench, handle, -1, 0).error().text, "failed to seek file: Invalid argument");
  ASSERT_EQ(::mkfifo((bench.dir() / "fifo").c_str(), 0600), 0);
  const auto fifo = open_handle(bench, bench.dir() / "fifo");
  EXPECT_EQ(seek(bench, fifo, 0, 0).error().text, "failed to seek file: Illegal seek");
  EXPECT_EQ(seek(bench, 5, 0, 9).error().text, "handle '5' has not been found");
}

TEST(FileSeek, ReachesBeyondFourGigabytes) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir() / "sparse", "w+");
  EXPECT_EQ(seek(bench, handle, 5'000'000'000)->position, 5'000'000'000);
  ASSERT_TRUE(write(bench, handle, "far"));
  ASSERT_TRUE(seek(bench, handle, -3, 2));
  EXPECT_EQ(read_text(bench, handle), "far");
}

}  // namespace
}  // namespace guestd::commands
