// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(GuestdFileMakeDirectory, TellsWhetherItMadeOne) {
  CommandBench bench;
  GuestdFileMakeDirectoryArgs args;
  args.path = bench.dir() / "a/b";
  args.mode = 0750;
  args.parents = true;
  EXPECT_TRUE(guestd_file_make_directory(bench.context(), args)->created);
  EXPECT_FALSE(guestd_file_make_directory(bench.context(), args)->created);
  struct stat status {};
  ASSERT_EQ(::stat(args.path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0750U);
}

TEST(GuestdFileMakeDirectory, SaysWhyItCannot) {
  CommandBench bench;
  GuestdFileMakeDirectoryArgs args;
  args.path = bench.dir() / "a/b";
  EXPECT_EQ(guestd_file_make_directory(bench.context(), args).error().text,
            "failed to make the folder '" + args.path + "': No such file or directory");
  args.mode = 010000;
  EXPECT_EQ(guestd_file_make_directory(bench.context(), args).error().text,
            "value '4096' is invalid for argument mode");
  args.path = "a";
  EXPECT_EQ(guestd_file_make_directory(bench.context(), args).error().text, "the path 'a' is not absolute");
}

}  // namespace
}  // namespace guestd::commands
