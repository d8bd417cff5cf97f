// SPDX-License-Identifier: Apache-2.0
#include "platform/replace_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <iterator>

#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

std::ptrdiff_t files_in(const support::TempDir& dir) {
  return std::distance(std::filesystem::directory_iterator(dir.path()), std::filesystem::directory_iterator());
}

TEST(ReplaceFile, CreatesAndReplacesAndLeavesNothingElse) {
  const support::TempDir dir;
  ASSERT_TRUE(replace_file(dir / "state", "one"));
  EXPECT_EQ(dir.read("state"), "one");
  ASSERT_TRUE(replace_file(dir / "state", "two"));
  EXPECT_EQ(dir.read("state"), "two");
  EXPECT_EQ(files_in(dir), 1);
}

TEST(ReplaceFile, MakesAFileForThisProcessAlone) {
  const support::TempDir dir;
  ASSERT_TRUE(replace_file(dir / "state", "x"));
  struct stat status {};
  ASSERT_EQ(::stat((dir / "state").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(ReplaceFile, CanBeAskedWithoutWriting) {
  const support::TempDir dir;
  EXPECT_TRUE(can_replace_file(dir / "state"));
  EXPECT_EQ(files_in(dir), 0);
  const auto missing = can_replace_file(dir / "missing/state");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().errno_value, ENOENT);
}

TEST(ReplaceFile, FailsWithoutTheFolder) {
  const support::TempDir dir;
  const auto done = replace_file(dir / "missing/state", "x");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().errno_value, ENOENT);
}

TEST(ReplaceFile, LeavesNoTemporaryFileWhenItFails) {
  const support::TempDir dir;
  std::filesystem::create_directories(dir / "state/full");
  EXPECT_FALSE(replace_file(dir / "state", "x"));
  EXPECT_EQ(files_in(dir), 1);
}

}  // namespace
}  // namespace guestd::platform
