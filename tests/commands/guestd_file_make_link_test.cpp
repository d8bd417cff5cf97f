// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(GuestdFileMakeLink, ReplacesOnlyWhenAsked) {
  CommandBench bench;
  GuestdFileMakeLinkArgs args;
  args.path = bench.dir().write("file", "x");
  args.target = "somewhere";
  EXPECT_EQ(guestd_file_make_link(bench.context(), args).error().text,
            "failed to make the link '" + args.path + "': File exists");
  args.replace = true;
  EXPECT_TRUE(guestd_file_make_link(bench.context(), args)->created);
  EXPECT_FALSE(guestd_file_make_link(bench.context(), args)->created);
  EXPECT_EQ(std::filesystem::read_symlink(args.path), "somewhere");
}

TEST(GuestdFileMakeLink, NeedsAnAbsolutePath) {
  CommandBench bench;
  GuestdFileMakeLinkArgs args;
  args.path = "here";
  args.target = "there";
  EXPECT_EQ(guestd_file_make_link(bench.context(), args).error().text, "the path 'here' is not absolute");
}

}  // namespace
}  // namespace guestd::commands
