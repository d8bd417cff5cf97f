// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

struct stat look(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0);
  return status;
}

GuestdFileSetAttributesArgs of_path(std::string path) {
  GuestdFileSetAttributesArgs args;
  args.path = std::move(path);
  return args;
}

TEST(GuestdFileSetAttributes, SetsThemByPathAndByHandle) {
  CommandBench bench;
  const std::string path = bench.dir().write("file", "12345");
  auto args = of_path(path);
  args.mode = 0640;
  args.modify_time = 1'000'000'001;
  const auto done = guestd_file_set_attributes(bench.context(), args);
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(look(path).st_mode & 07777U, 0640U);
  EXPECT_EQ(look(path).st_mtim.tv_sec, 1);
  EXPECT_EQ(look(path).st_mtim.tv_nsec, 1);
  GuestdFileSetAttributesArgs by_handle;
  by_handle.handle = open_handle(bench, path, "r+");
  by_handle.size = 2;
  ASSERT_TRUE(guestd_file_set_attributes(bench.context(), by_handle));
  EXPECT_EQ(bench.dir().read("file"), "12");
}

TEST(GuestdFileSetAttributes, PrefersNamesAndFallsBackToNumbers) {
  CommandBench bench("debian12");  // alice is whoever runs the test
  bench.machine().write("tmp/file", "");
  bench.machine().write("etc/group", "users:x:" + std::to_string(::getegid()) + ":\n");
  auto args = of_path("/tmp/file");
  args.user = "alice";
  args.uid = 54321;
  args.group = "users";
  const auto done = guestd_file_set_attributes(bench.context(), args);
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(look(bench.machine() / "tmp/file").st_uid, ::geteuid());
  args.user = "nobody of that name";
  args.uid = ::geteuid();
  EXPECT_TRUE(guestd_file_set_attributes(bench.context(), args));
  args.uid.reset();
  EXPECT_EQ(guestd_file_set_attributes(bench.context(), args).error().text,
            "the guest has no user 'nobody of that name'");
  args.user.reset();
  args.group = "none";
  EXPECT_EQ(guestd_file_set_attributes(bench.context(), args).error().text, "the guest has no group 'none'");
}

TEST(GuestdFileSetAttributes, ChecksAllBeforeItChangesAnything) {
  CommandBench bench;
  const std::string path = bench.dir().write("file", "12345");
  auto args = of_path(path);
  args.size = 1;
  args.mode = 010000;
  EXPECT_EQ(guestd_file_set_attributes(bench.context(), args).error().text,
            "value '4096' is invalid for argument mode");
  args.mode.reset();
  args.uid = 4294967295U;
  EXPECT_EQ(guestd_file_set_attributes(bench.context(), args).error().text,
            "value '4294967295' is invalid for argument uid");
  args.uid.reset();
  args.gid = 4294967295U;
  EXPECT_EQ(guestd_file_set_attributes(bench.context(), args).error().text,
            "value '4294967295' is invalid for argument gid");
  args.gid.reset();
  args.size = -1;
  EXPECT_EQ(guestd_file_set_attributes(bench.context(), args).error().text, "value '-1' is invalid for argument size");
  EXPECT_EQ(bench.dir().read("file"), "12345");
}

TEST(GuestdFileSetAttributes, SaysWhichOneFailed) {
  CommandBench bench;
  auto args = of_path(bench.dir().str());
  args.size = 0;
  EXPECT_EQ(guestd_file_set_attributes(bench.context(), args).error().text,
            "failed to change '" + *args.path + "': cannot set the size: it is no regular file");
}

}  // namespace
}  // namespace guestd::commands
