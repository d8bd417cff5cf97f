// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

GuestdFileStatArgs of_path(std::string path) {
  GuestdFileStatArgs args;
  args.path = std::move(path);
  return args;
}

TEST(GuestdFileStat, TellsOfAFile) {
  CommandBench bench;
  const auto stat = guestd_file_stat(bench.context(), of_path(bench.dir().write("file", "12345")));
  ASSERT_TRUE(stat) << stat.error().text;
  EXPECT_EQ(stat->status.type, GuestdFileType::kRegular);
  EXPECT_EQ(stat->status.size, 5);
  EXPECT_EQ(stat->status.uid, ::geteuid());
  EXPECT_FALSE(stat->data);
}

TEST(GuestdFileStat, LeavesThePositionOfAHandle) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir().write("file", "12345"));
  ASSERT_TRUE(seek(bench, handle, 3));
  GuestdFileStatArgs args;
  args.handle = handle;
  args.data_from = 0;
  const auto stat = guestd_file_stat(bench.context(), args);
  ASSERT_TRUE(stat) << stat.error().text;
  ASSERT_TRUE(stat->data);
  ASSERT_EQ(stat->data->size(), 1U);
  EXPECT_EQ(stat->data->front().offset, 0);
  EXPECT_GE(stat->data->front().length, 5);
  EXPECT_FALSE(stat->data_next);
  EXPECT_EQ(read_text(bench, handle), "45");
}

TEST(GuestdFileStat, DoesNotWaitForAFifo) {
  CommandBench bench;
  ASSERT_EQ(::mkfifo((bench.dir() / "fifo").c_str(), 0600), 0);
  auto args = of_path(bench.dir() / "fifo");
  EXPECT_EQ(guestd_file_stat(bench.context(), args)->status.type, GuestdFileType::kFifo);
  args.data_from = 0;
  EXPECT_EQ(guestd_file_stat(bench.context(), args).error().text,
            "failed to look at '" + *args.path + "': only regular files tell where they have data");
}

TEST(GuestdFileStat, SaysWhatItCannotLookAt) {
  CommandBench bench;
  EXPECT_EQ(guestd_file_stat(bench.context(), of_path("/no/file")).error().text,
            "failed to look at '/no/file': No such file or directory");
  auto args = of_path("/");
  args.data_from = -1;
  EXPECT_EQ(guestd_file_stat(bench.context(), args).error().text, "value '-1' is invalid for argument data-from");
}

}  // namespace
}  // namespace guestd::commands
