// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(FileWrite, WritesAllOrAsMuchAsAskedFor) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir() / "file", "w");
  const auto all = write(bench, handle, "hello ");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->count, 6);
  EXPECT_FALSE(all->eof);
  EXPECT_EQ(write(bench, handle, "world!", 5)->count, 5);
  EXPECT_EQ(write(bench, handle, "nothing", 0)->count, 0);
  EXPECT_EQ(bench.dir().read("file"), "hello world") << "at once, without a flush";
}

TEST(FileWrite, TakesBase64WithLineBreaks) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir() / "file", "w");
  EXPECT_EQ(write_base64(bench, handle, "aGVs\nbG8=\r\n")->count, 5);
  EXPECT_EQ(bench.dir().read("file"), "hello");
}

TEST(FileWrite, RefusesACountThatTheDataDoesNotHave) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir() / "file", "w");
  EXPECT_EQ(write(bench, handle, "abc", 4).error().text, "value '4' is invalid for argument count");
  EXPECT_EQ(write(bench, handle, "abc", -1).error().text, "value '-1' is invalid for argument count");
  EXPECT_FALSE(write(bench, handle, "abc", std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(bench.dir().read("file"), "");
}

TEST(FileWrite, ChecksTheHandleThenTheDataThenTheCount) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir() / "file", "w");
  EXPECT_EQ(write_base64(bench, 5, "****", -1).error().text, "handle '5' has not been found");
  const auto bad_data = write_base64(bench, handle, "****", -1);
  ASSERT_FALSE(bad_data);
  EXPECT_EQ(bad_data.error().text.find("argument count"), std::string::npos);
}

TEST(FileWrite, ReportsAFullDeviceAtOnce) {
  CommandBench bench;
  const auto handle = open_handle(bench, "/dev/full", "w");
  EXPECT_EQ(write(bench, handle, "x").error().text, "failed to write to file: No space left on device");
}

TEST(FileWrite, ReportsADiskThatFillsUp) {
  CommandBench bench;
  std::filesystem::create_directory(bench.dir() / "disk");
  if (::mount("tmpfs", (bench.dir() / "disk").c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "only root can mount a small disk";
  }
  const auto handle = open_handle(bench, bench.dir() / "disk/file", "w");
  const auto written = write(bench, handle, std::string(100'000, 'x'));
  const auto closed = close(bench, handle);
  ::umount2((bench.dir() / "disk").c_str(), MNT_DETACH);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().text, "failed to write to file: No space left on device");
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().text, "failed to close handle: No space left on device");
}

TEST(FileWrite, TakesWhatAFifoHasRoomFor) {
  CommandBench bench;
  ASSERT_EQ(::mkfifo((bench.dir() / "fifo").c_str(), 0600), 0);
  const auto reader = open_handle(bench, bench.dir() / "fifo", "r");
  const auto writer = open_handle(bench, bench.dir() / "fifo", "w");
  const auto partly = write(bench, writer, std::string(1 << 20, 'x'));
  ASSERT_TRUE(partly);
  EXPECT_GT(partly->count, 0);
  EXPECT_LT(partly->count, 1 << 20);
  EXPECT_EQ(write(bench, writer, "x").error().text, "failed to write to file: Resource temporarily unavailable");
  EXPECT_EQ(read_text(bench, reader, partly->count).size(), static_cast<std::size_t>(partly->count));
  EXPECT_EQ(write(bench, writer, "x")->count, 1);
}

TEST(FileWrite, AppendsWhereverThePositionIs) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir().write("log", "one "), "a+");
  ASSERT_TRUE(seek(bench, handle, 0));
  ASSERT_TRUE(write(bench, handle, "two"));
  EXPECT_EQ(bench.dir().read("log"), "one two");
}

TEST(FileWrite, LeavesTheEnd) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir().write("file", "x"), "r+");
  read_text(bench, handle);
  EXPECT_TRUE(read(bench, handle, 0)->eof);
  EXPECT_FALSE(write(bench, handle, "y")->eof);
  EXPECT_FALSE(read(bench, handle, 0)->eof);
}

TEST(FileWrite, NeedsAHandleOpenForWriting) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir().write("file", "x"));
  EXPECT_EQ(write(bench, handle, "y").error().text, "failed to write to file: Bad file descriptor");
}

}  // namespace
}  // namespace guestd::commands
