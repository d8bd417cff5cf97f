// SPDX-License-Identifier: Apache-2.0
#include "commands/file_target.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "platform/file_status.hpp"
#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(FileTarget, IsAPathOrAHandleAndNotBoth) {
  CommandBench bench;
  const std::string path = bench.dir().write("file", "x");
  const auto handle = open_handle(bench, path);
  EXPECT_EQ(find_target(bench.context(), FileUse::kRead, "see", path, {}, {})->name, "'" + path + "'");
  EXPECT_EQ(find_target(bench.context(), FileUse::kRead, "see", {}, handle, {})->name, "handle '1000'");
  constexpr const char* kEither = "exactly one of 'path' and 'handle' has to be there";
  EXPECT_EQ(find_target(bench.context(), FileUse::kRead, "see", {}, {}, {}).error().text, kEither);
  EXPECT_EQ(find_target(bench.context(), FileUse::kRead, "see", path, handle, {}).error().text, kEither);
  EXPECT_EQ(find_target(bench.context(), FileUse::kRead, "see", {}, handle, true).error().text,
            "'follow' goes with 'path' only");
}

TEST(FileTarget, HasToBeThere) {
  CommandBench bench;
  EXPECT_EQ(find_target(bench.context(), FileUse::kRead, "see", {}, 7, {}).error().text,
            "handle '7' has not been found");
  EXPECT_EQ(find_target(bench.context(), FileUse::kRead, "see", "/no/file", {}, {}).error().text,
            "failed to see '/no/file': No such file or directory");
  EXPECT_EQ(find_target(bench.context(), FileUse::kRead, "see", "file", {}, {}).error().text,
            "the path 'file' is not absolute");
  EXPECT_EQ(find_target(bench.context(), FileUse::kRead, "see", "", {}, {}).error().text,
            "the path '' is not absolute");
}

TEST(FileTarget, OfAHandleStaysWhenTheHandleIsClosed) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir().write("file", "12345"));
  const auto target = find_target(bench.context(), FileUse::kRead, "see", {}, handle, {});
  ASSERT_TRUE(close(bench, handle));
  EXPECT_EQ(platform::file_status(target->fd.get())->size_bytes, 5);
}

TEST(FileTarget, IsALinkUnlessItIsToBeFollowed) {
  CommandBench bench;
  bench.dir().write("file", "12345");
  std::filesystem::create_symlink("file", bench.dir() / "link");
  const auto link = find_target(bench.context(), FileUse::kRead, "see", bench.dir() / "link", {}, {});
  const auto file = find_target(bench.context(), FileUse::kRead, "see", bench.dir() / "link", {}, true);
  EXPECT_EQ(platform::file_status(link->fd.get())->type, platform::FileType::kSymlink);
  EXPECT_EQ(platform::file_status(file->fd.get())->type, platform::FileType::kRegular);
}

TEST(FileArguments, AreChecked) {
  EXPECT_TRUE(check_mode(std::nullopt));
  EXPECT_TRUE(check_mode(07777));
  EXPECT_EQ(check_mode(010000).error().text, "value '4096' is invalid for argument mode");
  EXPECT_TRUE(check_not_negative("size", 0));
  EXPECT_EQ(check_not_negative("size", -1).error().text, "value '-1' is invalid for argument size");
}

TEST(FileError, SaysWhatFailedOnWhatAndWhy) {
  const Error error = file_error("change", "'/x'", Error::from_errno("cannot set the mode", EPERM));
  EXPECT_EQ(error.text, "failed to change '/x': cannot set the mode: Operation not permitted");
  EXPECT_EQ(error.errno_value, EPERM);
  EXPECT_EQ(file_error("change", "'/x'", Error::unsupported("no")).kind, Error::Kind::kUnsupported);
}

}  // namespace
}  // namespace guestd::commands
