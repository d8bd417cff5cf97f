// SPDX-License-Identifier: Apache-2.0
#include "platform/file_attributes.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "platform/file_status.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

class FileAttributesTest : public testing::Test {
 protected:
  [[nodiscard]] Result<void> set(const std::string& path, const FileAttributes& wanted, bool follow = false) const {
    const auto fd = hold_file(*root_, path, follow);
    if (!fd) return fd.error();
    return set_attributes(fd->get(), wanted);
  }
  [[nodiscard]] FileStatus look(const std::string& path) const {
    return *file_status(hold_file(*root_, path, false)->get());
  }
  static FileAttributes mode(mode_t bits) {
    FileAttributes wanted;
    wanted.mode = bits;
    return wanted;
  }
  static FileAttributes size(std::int64_t bytes) {
    FileAttributes wanted;
    wanted.size_bytes = bytes;
    return wanted;
  }

  support::TempDir dir_;
  Result<Root> root_ = Root::at(dir_.str());
};

TEST_F(FileAttributesTest, AreAllSetAtOnce) {
  dir_.write("file", "0123456789");
  const FileAttributes wanted{4, ::geteuid(), ::getegid(), 02640, 5, -1'500'000'000};
  const auto done = set("/file", wanted);
  ASSERT_TRUE(done) << done.error().text;
  const FileStatus status = look("/file");
  EXPECT_EQ(dir_.read("file"), "0123");
  EXPECT_EQ(status.mode, 02640U);
  EXPECT_EQ(status.access_ns, 5);
  EXPECT_EQ(status.modify_ns, -1'500'000'000);
}

TEST_F(FileAttributesTest, ThatAreNotThereStayAsTheyAre) {
  dir_.write("file", "x");
  const FileStatus before = look("/file");
  ASSERT_TRUE(set("/file", {}));
  FileAttributes wanted;
  wanted.access_ns = 7;
  ASSERT_TRUE(set("/file", wanted));
  const FileStatus after = look("/file");
  EXPECT_EQ(after.access_ns, 7);
  EXPECT_EQ(after.modify_ns, before.modify_ns);
  EXPECT_EQ(after.mode, before.mode);
}

TEST_F(FileAttributesTest, OfALinkAreNotThoseOfItsTarget) {
  dir_.write("file", "x");
  ASSERT_TRUE(set("/file", mode(0600)));
  const FileStatus before = look("/file");
  std::filesystem::create_symlink("file", dir_ / "link");
  FileAttributes times;
  times.modify_ns = 42;
  ASSERT_TRUE(set("/link", times));
  EXPECT_EQ(look("/link").modify_ns, 42);
  EXPECT_EQ(look("/file").modify_ns, before.modify_ns);
  EXPECT_EQ(set("/link", mode(0777)).error().text, "cannot set the mode: a symbolic link has none");
  EXPECT_EQ(set("/link", size(0)).error().text, "cannot set the size: it is no regular file");
  ASSERT_TRUE(set("/link", mode(0640), true));
  EXPECT_EQ(look("/file").mode, 0640U);
  EXPECT_EQ(dir_.read("file"), "x");
}

TEST_F(FileAttributesTest, OfAFolderAndOfAFifoAreSetWithoutOpeningThem) {
  std::filesystem::create_directory(dir_ / "folder");
  ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  EXPECT_TRUE(set("/folder", mode(01777)));
  EXPECT_TRUE(set("/fifo", mode(0622)));
  EXPECT_EQ(look("/folder").mode, 01777U);
  EXPECT_EQ(look("/fifo").mode, 0622U);
}

TEST_F(FileAttributesTest, GrowAFileByAHole) {
  dir_.write("file", "x");
  ASSERT_TRUE(set("/file", size(1 << 20)));
  EXPECT_EQ(dir_.read("file"), "x" + std::string((1 << 20) - 1, '\0'));
}

TEST_F(FileAttributesTest, AreSetOnAnOpenFileToo) {
  const UniqueFd fd(::open(dir_.write("file", "0123").c_str(), O_RDONLY | O_CLOEXEC));
  FileAttributes wanted = size(2);
  wanted.modify_ns = 1;
  ASSERT_TRUE(set_attributes(fd.get(), wanted));
  EXPECT_EQ(dir_.read("file"), "01");
  EXPECT_EQ(look("/file").modify_ns, 1);
}

TEST_F(FileAttributesTest, ThatCannotBeSetAreNamed) {
  // The kernel lets nobody change the modes of a process' files.
  const auto file = hold_file(Root::system(), "/proc/self/status", false);
  EXPECT_EQ(set_attributes(file->get(), mode(0777)).error().text, "cannot set the mode: Operation not permitted");
}

}  // namespace
}  // namespace guestd::platform
