// SPDX-License-Identifier: Apache-2.0
#include "platform/file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <span>
#include <string_view>

#include "tests/support/temp_dir.hpp"

namespace guestd::platform {
namespace {

constexpr FileAccess kRead{.read = true};
constexpr FileAccess kWrite{.write = true, .create = true, .truncate = true};

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(File, OpensAFifoWithoutWaitingForTheOtherEnd) {
  const support::TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  EXPECT_TRUE(File::open(Root::system(), dir / "fifo", kRead));
  const auto writer = File::open(Root::system(), dir / "fifo", {.write = true});
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().errno_value, ENXIO);
}

TEST(File, TellsEmptyFifoFromEnd) {
  const support::TempDir dir;
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  auto reader = *File::open(Root::system(), dir / "fifo", kRead);
  std::array<std::byte, 4> piece{};
  EXPECT_EQ(*reader.read(piece), 0U);
  const auto writer = File::open(Root::system(), dir / "fifo", {.write = true});
  ASSERT_TRUE(writer);
  EXPECT_EQ(reader.read(piece).error().errno_value, EAGAIN);
}

/// Where the kernel can tell whether a read would wait. (tmpfs cannot, see preadv2(2).)
bool tells_what_is_at_hand(const std::string& folder) {
  struct statfs status {};
  if (::statfs(folder.c_str(), &status) < 0) return false;
  return status.f_type == EXT4_SUPER_MAGIC || status.f_type == BTRFS_SUPER_MAGIC || status.f_type == XFS_SUPER_MAGIC;
}

TEST(File, ReadsAtOnceWhatIsInMemory) {
  const support::TempDir dir("/var/tmp");
  if (!tells_what_is_at_hand(dir.str())) GTEST_SKIP() << "/var/tmp is on a file system that cannot tell";
  auto file = *File::open(Root::system(), dir.write("file", "0123456789"), kRead);
  std::array<std::byte, 8> piece{};
  EXPECT_EQ(*file.read_at_once(piece), 8U);
  EXPECT_EQ(piece[7], std::byte{'7'});
  EXPECT_EQ(*file.read_at_once(piece), 2U);
  EXPECT_EQ(*file.read_at_once(piece), 0U);
}

TEST(File, ReadsNothingAtOnceThatIsNotInMemory) {
  const support::TempDir dir("/var/tmp");
  if (!tells_what_is_at_hand(dir.str())) GTEST_SKIP() << "/var/tmp is on a file system that cannot tell";
  const std::string path = dir.write("file", std::string(1 << 20, 'x'));
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ::fsync(fd);
  ASSERT_EQ(::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
  ::close(fd);
  auto file = *File::open(Root::system(), path, kRead);
  std::array<std::byte, 4096> piece{};
  EXPECT_EQ(file.read_at_once(piece).error().errno_value, EAGAIN);
  EXPECT_EQ(*file.read(piece), piece.size());
}

TEST(File, ReadsNothingAtOnceFromWhatIsNoRegularFile) {
  auto file = *File::open(Root::system(), "/dev/zero", kRead);
  std::array<std::byte, 8> piece{};
  EXPECT_EQ(file.read_at_once(piece).error().errno_value, EAGAIN);
}

TEST(File, LeavesTheTimeOfAccessAlone) {
  const support::TempDir dir;
  const std::string path = dir.write("file", "x");
  const std::array<timespec, 2> long_ago{timespec{1000, 0}, timespec{1000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), long_ago.data(), 0), 0);
  auto file = *File::open(Root::system(), path, kRead);
  std::array<std::byte, 1> piece{};
  EXPECT_EQ(*file.read(piece), 1U);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_atim.tv_sec, 1000);
}

TEST(File, AppendsBehindWhatOthersWrote) {
  const support::TempDir dir;
  dir.write("log", "one\n");
  auto file = *File::open(Root::system(), dir / "log", {.write = true, .create = true, .append = true});
  dir.write("log", "one\ntwo\n");
  ASSERT_TRUE(file.write(bytes_of("three\n")));
  EXPECT_EQ(dir.read("log"), "one\ntwo\nthree\n");
}

TEST(File, SeeksFromAllThreePlaces) {
  const support::TempDir dir;
  auto file = *File::open(Root::system(), dir.write("file", "0123456789"), kRead);
  EXPECT_EQ(*file.seek(4, SeekFrom::kStart), 4);
  EXPECT_EQ(*file.seek(2, SeekFrom::kCurrent), 6);
  EXPECT_EQ(*file.seek(-1, SeekFrom::kEnd), 9);
  EXPECT_EQ(file.seek(-100, SeekFrom::kCurrent).error().errno_value, EINVAL);
}

TEST(File, TellsWhatIsLeftOfARegularFileOnly) {
  const support::TempDir dir;
  auto file = *File::open(Root::system(), dir.write("file", "0123456789"), kRead);
  ASSERT_TRUE(file.seek(4, SeekFrom::kStart));
  EXPECT_EQ(file.bytes_left(), 6U);
  ASSERT_TRUE(file.seek(40, SeekFrom::kStart));
  EXPECT_EQ(file.bytes_left(), 0U);
  EXPECT_EQ(File::open(Root::system(), "/dev/zero", kRead)->bytes_left(), std::nullopt);
}

TEST(File, ReportsAFullDevice) {
  auto file = *File::open(Root::system(), "/dev/full", kWrite);
  EXPECT_EQ(file.write(bytes_of("x")).error().errno_value, ENOSPC);
  EXPECT_TRUE(file.close());
}

TEST(File, DoesNotWaitForInputOfATerminal) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || ::grantpt(master) < 0 || ::unlockpt(master) < 0) GTEST_SKIP() << "no pseudo terminals here";
  std::array<char, 64> name{};
  ASSERT_EQ(::ptsname_r(master, name.data(), name.size()), 0);
  auto terminal = *File::open(Root::system(), name.data(), kRead);
  std::array<std::byte, 4> piece{};
  EXPECT_EQ(terminal.read(piece).error().errno_value, EAGAIN);
  ::close(master);
}

}  // namespace
}  // namespace guestd::platform
