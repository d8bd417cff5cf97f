// SPDX-License-Identifier: Apache-2.0
#include "platform/root.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

class FixtureFolder : public testing::Test {
 protected:
  support::TempDir dir_;
  Root root_ = *Root::at(dir_.str());
};

TEST_F(FixtureFolder, IsWhereAbsolutePathsBegin) {
  dir_.write("etc/name", "inside\n");
  EXPECT_EQ(*root_.read_file("/etc/name"), "inside\n");
  EXPECT_FALSE(root_.is_system());
}

TEST_F(FixtureFolder, KeepsAbsoluteLinksAndDotsInside) {
  dir_.write("target", "inside");
  std::filesystem::create_symlink("/target", dir_ / "absolute");
  std::filesystem::create_symlink("../../../../target", dir_ / "dots");
  EXPECT_EQ(*root_.read_file("/absolute"), "inside");
  EXPECT_EQ(*root_.read_file("/dots"), "inside");
  EXPECT_EQ(*root_.read_file("/../../target"), "inside");
}

TEST_F(FixtureFolder, ReportsALinkThatGoesInCircles) {
  std::filesystem::create_symlink("/b", dir_ / "a");
  std::filesystem::create_symlink("/a", dir_ / "b");
  const auto file = root_.read_file("/a");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().errno_value, ELOOP);
}

TEST_F(FixtureFolder, CreatesFilesWithTheModeLessTheUmask) {
  const mode_t before = ::umask(027);
  ASSERT_TRUE(root_.open("/new", O_WRONLY | O_CREAT, 0666));
  ::umask(before);
  struct stat status {};
  ASSERT_EQ(::stat((dir_ / "new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST(Root, NamesTheFileThatCannotBeRead) {
  const auto file = Root::system().read_file("/does/not/exist");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().text, "cannot open /does/not/exist: No such file or directory");
  EXPECT_EQ(file.error().errno_value, ENOENT);
}

TEST(Root, RefusesAPathWithANulInIt) {
  const auto file = Root::system().open(std::string("/dev/null\0x", 11), O_RDONLY);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().errno_value, EINVAL);
}

TEST(Root, ClosesDescriptorsOnExec) {
  const auto file = Root::system().open("/dev/null", O_RDONLY);
  ASSERT_TRUE(file);
  EXPECT_NE(::fcntl(file->get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(Root, DoesNotReadAFileWithoutEnd) {
  const auto file = Root::system().read_file("/dev/zero");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().errno_value, EFBIG);
}

TEST(Root, DoesNotWaitForTheWriterOfAFifo) {
  const support::TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(*Root::system().read_file(dir / "fifo"), "");
}

TEST(Root, IsRefusedForAFolderThatIsNotThere) { EXPECT_FALSE(Root::at("/does/not/exist")); }

TEST_F(FixtureFolder, ListsTheNamesInAFolder) {
  dir_.write("folder/b", "");
  dir_.write("folder/a/inner", "");
  dir_.write("folder/.hidden", "");
  EXPECT_EQ(*root_.list("/folder"), (std::vector<std::string>{".hidden", "a", "b"}));
  EXPECT_EQ(root_.list("/folder/b").error().errno_value, ENOTDIR);
  EXPECT_EQ(root_.list("/none").error().text, "cannot open /none: No such file or directory");
}

TEST_F(FixtureFolder, ReadsALinkWithoutFollowingIt) {
  dir_.write("plain", "");
  std::filesystem::create_symlink("../no/where", dir_.path() / "link");
  EXPECT_EQ(*root_.read_link("/link"), "../no/where");
  EXPECT_EQ(root_.read_link("/plain").error().text, "cannot read /plain: Invalid argument");
  EXPECT_EQ(root_.read_link("/none").error().errno_value, ENOENT);
}

TEST_F(FixtureFolder, ReadsNoFileAboveTheGivenLimit) {
  dir_.write("file", "12345");
  EXPECT_EQ(*root_.read_file("/file", 5), "12345");
  EXPECT_EQ(root_.read_file("/file", 4).error().errno_value, EFBIG);
}

}  // namespace
}  // namespace guestd::platform
