// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

GuestdFileListArgs of_path(std::string path) {
  GuestdFileListArgs args;
  args.path = std::move(path);
  return args;
}

TEST(GuestdFileList, GoesOnWithItsCursor) {
  CommandBench bench;
  for (const char* name : {"folder/a", "folder/b", "folder/c"}) bench.dir().write(name, "");
  auto args = of_path(bench.dir() / "folder");
  args.count = 2;
  const auto first = guestd_file_list(bench.context(), args);
  ASSERT_TRUE(first) << first.error().text;
  ASSERT_TRUE(first->cursor);
  args.cursor = first->cursor;
  const auto second = guestd_file_list(bench.context(), args);
  ASSERT_TRUE(second) << second.error().text;
  EXPECT_FALSE(second->cursor);
  std::set<std::string> names;
  for (const auto* page : {&*first, &*second}) {
    for (const auto& entry : page->entries) {
      names.insert(entry.name);
      EXPECT_EQ(entry.status->type, GuestdFileType::kRegular);
      EXPECT_FALSE(entry.error);
    }
  }
  EXPECT_THAT(names, testing::ElementsAre("a", "b", "c"));
}

TEST(GuestdFileList, KeepsTheBytesOfNamesThatAreNotUtf8) {
  CommandBench bench;
  bench.dir().write("folder/x\xFE", "");
  const auto page = guestd_file_list(bench.context(), of_path(bench.dir() / "folder"));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->entries.size(), 1U);
  ASSERT_TRUE(page->entries.front().name_b64);
  EXPECT_EQ(page->entries.front().name_b64->bytes(), "x\xFE");
}

TEST(GuestdFileList, ChecksItsArguments) {
  CommandBench bench;
  auto args = of_path(bench.dir().str());
  for (const std::int64_t count : {0, -1, 4097}) {
    args.count = count;
    EXPECT_EQ(guestd_file_list(bench.context(), args).error().text,
              "value '" + std::to_string(count) + "' is invalid for argument count");
  }
  args.count.reset();
  args.cursor = "nonsense";
  EXPECT_EQ(guestd_file_list(bench.context(), args).error().text, "'nonsense' is no cursor of guestd-file-list");
  args.cursor = "0:0:0:0";
  EXPECT_EQ(guestd_file_list(bench.context(), args).error().text,
            "failed to list '" + args.path + "': it is not the folder of the cursor");
}

TEST(GuestdFileList, SaysWhatItCannotList) {
  CommandBench bench;
  const std::string file = bench.dir().write("file", "");
  EXPECT_EQ(guestd_file_list(bench.context(), of_path(file)).error().text,
            "failed to list '" + file + "': Not a directory");
  EXPECT_EQ(guestd_file_list(bench.context(), of_path("here")).error().text, "the path 'here' is not absolute");
}

}  // namespace
}  // namespace guestd::commands
