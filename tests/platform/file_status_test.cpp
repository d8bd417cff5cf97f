// SPDX-License-Identifier: Apache-2.0
#include "platform/file_status.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <filesystem>

#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FileStatusTest : public testing::Test {
 protected:
  [[nodiscard]] Result<FileStatus> look(const std::string& path, bool follow = false) const {
    const auto fd = hold_file(*root_, path, follow);
    if (!fd) return fd.error();
    return file_status(fd->get());
  }

  support::TempDir dir_;
  Result<Root> root_ = Root::at(dir_.str());
};

TEST_F(FileStatusTest, TellsWhatStatTells) {
  const std::string path = dir_.write("file", "12345");
  ASSERT_EQ(::chmod(path.c_str(), 04755), 0);
  const std::array<timespec, 2> times{timespec{1'700'000'000, 123'456'789}, timespec{-2, 999'999'999}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
  std::filesystem::create_hard_link(path, dir_ / "other");
  const auto status = look("/file");
  ASSERT_TRUE(status) << status.error().text;
  struct stat expected {};
  ASSERT_EQ(::stat(path.c_str(), &expected), 0);
  EXPECT_EQ(status->type, FileType::kRegular);
  EXPECT_EQ(status->size_bytes, 5);
  EXPECT_EQ(status->allocated_bytes, expected.st_blocks * 512);
  EXPECT_EQ(status->mode, 04755U);
  EXPECT_EQ(status->uid, ::geteuid());
  EXPECT_EQ(status->gid, expected.st_gid);
  EXPECT_EQ(status->access_ns, 1'700'000'000'123'456'789);
  EXPECT_EQ(status->modify_ns, -1'000'000'001);
  EXPECT_GT(status->change_ns, status->access_ns);
  EXPECT_EQ(status->links, 2U);
  EXPECT_EQ(status->inode, expected.st_ino);
  EXPECT_EQ(status->device, std::nullopt);
  EXPECT_EQ(status->target, std::nullopt);
  EXPECT_EQ(look("/other")->inode, status->inode);
  EXPECT_EQ(look("/other")->file_system, status->file_system);
}

TEST_F(FileStatusTest, KnowsEveryKind) {
  ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  std::filesystem::create_directory(dir_ / "folder");
  std::filesystem::create_symlink("some\xFFwhere", dir_ / "link");
  EXPECT_EQ(look("/fifo")->type, FileType::kFifo);
  EXPECT_EQ(look("/folder")->type, FileType::kDirectory);
  const auto link = look("/link");
  EXPECT_EQ(link->type, FileType::kSymlink);
  EXPECT_EQ(link->target, "some\xFFwhere");
  EXPECT_EQ(look("/link", true).error().errno_value, ENOENT);
  const Root system = Root::system();
  const auto null = hold_file(system, "/dev/null", false);
  const auto status = file_status(null->get());
  EXPECT_EQ(status->type, FileType::kCharacterDevice);
  EXPECT_EQ(status->device, (DeviceNumber{1, 3}));
}

TEST_F(FileStatusTest, FollowsALinkOnlyWhenAsked) {
  dir_.write("file", "123");
  std::filesystem::create_symlink("file", dir_ / "link");
  EXPECT_EQ(look("/link", true)->size_bytes, 3);
  EXPECT_EQ(look("/link")->target, "file");
}

class DataExtentsTest : public testing::Test {
 protected:
  /// A file with a piece of data every `step` bytes, on a file system that knows holes. /dev/shm is one.
  void write_pieces(int count, off_t step, off_t size) {
    const UniqueFd fd(::open((dir_ / "file").c_str(), O_RDWR | O_CREAT, 0600));
    for (int index = 0; index < count; ++index) ASSERT_EQ(::pwrite(fd.get(), "x", 1, index * step), 1);
    ASSERT_EQ(::ftruncate(fd.get(), size), 0);
  }
  [[nodiscard]] Result<DataExtents> extents(std::int64_t from, std::size_t most) const {
    const UniqueFd fd(::open((dir_ / "file").c_str(), O_RDONLY));
    return data_extents(fd.get(), from, most);
  }

  support::TempDir dir_{"/dev/shm"};
};

TEST_F(DataExtentsTest, AreThePiecesBetweenTheHoles) {
  write_pieces(3, 1 << 20, 5 << 20);
  const auto all = extents(0, 10);
  ASSERT_TRUE(all);
  EXPECT_THAT(all->pieces, ElementsAre(DataExtents::Piece{0, 4096}, DataExtents::Piece{1 << 20, 4096},
                                       DataExtents::Piece{2 << 20, 4096}));
  EXPECT_EQ(all->next, std::nullopt);
}

TEST_F(DataExtentsTest, GoOnWhereTheListEnded) {
  write_pieces(3, 1 << 20, 5 << 20);
  const auto first = extents(0, 2);
  EXPECT_EQ(first->pieces.size(), 2U);
  ASSERT_EQ(first->next, 2 << 20);
  const auto rest = extents(*first->next, 2);
  EXPECT_THAT(rest->pieces, ElementsAre(DataExtents::Piece{2 << 20, 4096}));
  EXPECT_EQ(rest->next, std::nullopt);
}

TEST_F(DataExtentsTest, OfAnEmptyFileAHoleOrBehindTheEndAreNone) {
  write_pieces(0, 1, 1 << 20);
  EXPECT_THAT(extents(0, 2)->pieces, IsEmpty());
  EXPECT_THAT(extents(2 << 20, 2)->pieces, IsEmpty());
}

TEST_F(DataExtentsTest, OfWhatIsNoFileAreAnError) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const UniqueFd in(ends[0]);
  const UniqueFd out(ends[1]);
  EXPECT_EQ(data_extents(in.get(), 0, 1).error().errno_value, ESPIPE);
}

}  // namespace
}  // namespace guestd::platform
