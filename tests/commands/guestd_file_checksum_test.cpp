// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <filesystem>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

constexpr const char* kNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

GuestdFileChecksumArgs of_path(std::string path) {
  GuestdFileChecksumArgs args;
  args.path = std::move(path);
  return args;
}

TEST(GuestdFileChecksum, IsOfTheFileOrOfAPartOfIt) {
  CommandBench bench;
  auto args = of_path(bench.dir().write("file", "xabcx"));
  args.offset = 1;
  args.length = 3;
  const auto part = guestd_file_checksum(bench.context(), args);
  ASSERT_TRUE(part) << part.error().text;
  EXPECT_EQ(part->sha256, kAbc);
  EXPECT_EQ(part->count, 3);
  const auto whole = guestd_file_checksum(bench.context(), of_path(bench.dir().write("abc", "abc")));
  EXPECT_EQ(whole->sha256, kAbc);
  args.offset = 100;
  const auto behind = guestd_file_checksum(bench.context(), args);
  EXPECT_EQ(behind->sha256, kNothing);
  EXPECT_EQ(behind->count, 0);
}

TEST(GuestdFileChecksum, IsTheSameForAFileOfManyPieces) {
  CommandBench bench;
  const std::string path = bench.dir().write("file", std::string(1'000'000, 'a'));
  const auto sum = guestd_file_checksum(bench.context(), of_path(path));
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->sha256, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(sum->count, 1'000'000);
}

TEST(GuestdFileChecksum, LeavesThePositionOfAHandleAndSeesWhatWasWritten) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir() / "new", "w+");
  ASSERT_TRUE(write(bench, handle, "abc"));
  GuestdFileChecksumArgs args;
  args.handle = handle;
  EXPECT_EQ(guestd_file_checksum(bench.context(), args)->sha256, kAbc);
  ASSERT_TRUE(write(bench, handle, "d"));
  EXPECT_EQ(bench.dir().read("new"), "abcd");
}

TEST(GuestdFileChecksum, EndsWhenNobodyWaitsForIt) {
  CommandBench bench;
  const std::atomic<bool> given_up = true;
  bench.context().given_up = &given_up;
  const auto sum = guestd_file_checksum(bench.context(), of_path(bench.dir().write("file", "abc")));
  ASSERT_FALSE(sum);
  EXPECT_EQ(sum.error().errno_value, ECANCELED);
}

TEST(GuestdFileChecksum, IsOfRegularFilesAlone) {
  CommandBench bench;
  ASSERT_EQ(::mkfifo((bench.dir() / "fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink("fifo", bench.dir() / "link");
  for (const char* name : {"fifo", "link", "."}) {
    const std::string path = bench.dir() / name;
    EXPECT_EQ(guestd_file_checksum(bench.context(), of_path(path)).error().text,
              "failed to compute the checksum of '" + path + "': it is no regular file");
  }
}

TEST(GuestdFileChecksum, ChecksItsArguments) {
  CommandBench bench;
  auto args = of_path("/etc/hostname");
  args.offset = -1;
  EXPECT_EQ(guestd_file_checksum(bench.context(), args).error().text, "value '-1' is invalid for argument offset");
  args.offset.reset();
  args.length = -1;
  EXPECT_EQ(guestd_file_checksum(bench.context(), args).error().text, "value '-1' is invalid for argument length");
}

}  // namespace
}  // namespace guestd::commands
