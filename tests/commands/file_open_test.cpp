// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(FileOpen, TakesExactlyTheModesOfFopen) {
  CommandBench bench;
  const std::string path = bench.dir().write("file", "x");
  for (const char* mode :
       {"r", "rb", "w", "wb", "a", "ab", "r+", "rb+", "r+b", "w+", "wb+", "w+b", "a+", "ab+", "a+b"}) {
    EXPECT_TRUE(file_open(bench.context(), open_args(path, mode))) << mode;
  }
  for (const char* mode : {"", "x", "rw", "r++", "rb+b", "wx", "re", "R", " r", "bb", "+"}) {
    const auto handle = file_open(bench.context(), open_args(path, mode));
    ASSERT_FALSE(handle) << mode;
    EXPECT_EQ(handle.error().text, "invalid file open mode '" + std::string(mode) + "'");
  }
}

TEST(FileOpen, ReadsUnlessToldOtherwise) {
  CommandBench bench;
  const auto handle = file_open(bench.context(), open_args(bench.dir().write("file", "content")));
  ASSERT_TRUE(handle);
  EXPECT_EQ(*handle, 1000);
  EXPECT_EQ(read_text(bench, *handle), "content");
  EXPECT_FALSE(write(bench, *handle, "x"));
}

TEST(FileOpen, SaysWhichFileInWhichModeAndWhy) {
  CommandBench bench;
  const auto handle = file_open(bench.context(), open_args(bench.dir() / "missing", "r+"));
  ASSERT_FALSE(handle);
  EXPECT_EQ(handle.error().text,
            "failed to open file '" + bench.dir() / "missing" + "' (mode: 'r+'): No such file or directory");
}

TEST(FileOpen, RepeatsOnlyTheBeginningOfALongPathOrMode) {
  CommandBench bench;
  const std::string huge(3 << 20, 'x');
  const auto by_path = file_open(bench.context(), open_args("/" + huge));
  ASSERT_FALSE(by_path);
  EXPECT_LT(by_path.error().text.size(), 5000U);
  EXPECT_NE(by_path.error().text.find("File name too long"), std::string::npos) << by_path.error().text;
  const auto by_mode = file_open(bench.context(), open_args("/", huge));
  ASSERT_FALSE(by_mode);
  EXPECT_LT(by_mode.error().text.size(), 2000U);
}

TEST(FileOpen, RefusesAPathWithANulInIt) {
  CommandBench bench;
  const std::string path = bench.dir().write("file", "x") + std::string("\0.txt", 5);
  const auto handle = file_open(bench.context(), open_args(path));
  ASSERT_FALSE(handle);
  EXPECT_EQ(handle.error().errno_value, EINVAL);
}

TEST(FileOpen, HonoursTheUmask) {
  CommandBench bench;
  const mode_t before = ::umask(022);
  open_handle(bench, bench.dir() / "new", "w");
  ::umask(before);
  struct stat status {};
  ASSERT_EQ(::stat((bench.dir() / "new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0644U);
}

TEST(FileOpen, KeepsTheModeOfAFileThatIsThere) {
  CommandBench bench;
  const std::string path = bench.dir().write("file", "x");
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  open_handle(bench, path, "w");
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(status.st_size, 0);
}

TEST(FileOpen, BeginsAtTheEndToAppend) {
  CommandBench bench;
  const std::string path = bench.dir().write("log", "0123");
  EXPECT_EQ(seek(bench, open_handle(bench, path, "a"), 0, 1)->position, 4);
  EXPECT_EQ(seek(bench, open_handle(bench, path, "a+"), 0, 1)->position, 0);
}

TEST(FileOpen, OpensADirectoryOnlyForReading) {
  CommandBench bench;
  EXPECT_TRUE(file_open(bench.context(), open_args(bench.dir().str(), "r")));
  const auto handle = file_open(bench.context(), open_args(bench.dir().str(), "w"));
  ASSERT_FALSE(handle);
  EXPECT_TRUE(handle.error().text.ends_with(": Is a directory")) << handle.error().text;
}

TEST(FileOpen, DoesNotWaitForAFifo) {
  CommandBench bench;
  ASSERT_EQ(::mkfifo((bench.dir() / "fifo").c_str(), 0600), 0);
  EXPECT_TRUE(file_open(bench.context(), open_args(bench.dir() / "fifo", "r")));
  EXPECT_TRUE(file_open(bench.context(), open_args(bench.dir() / "fifo", "w")));
}

TEST(FileOpen, NamesAFifoThatNobodyReads) {
  CommandBench bench;
  ASSERT_EQ(::mkfifo((bench.dir() / "fifo").c_str(), 0600), 0);
  const auto handle = file_open(bench.context(), open_args(bench.dir() / "fifo", "w"));
  ASSERT_FALSE(handle);
  EXPECT_TRUE(handle.error().text.ends_with(": No such device or address")) << handle.error().text;
}

TEST(FileOpen, ReportsALoopOfLinks) {
  CommandBench bench;
  std::filesystem::create_symlink(bench.dir() / "loop", bench.dir() / "loop");
  const auto handle = file_open(bench.context(), open_args(bench.dir() / "loop"));
  ASSERT_FALSE(handle);
  EXPECT_TRUE(handle.error().text.ends_with(": Too many levels of symbolic links")) << handle.error().text;
}

TEST(FileOpen, HintsAtSelinuxWhereItMayBeTheCause) {
  const support::FixtureRoot fixture;
  fixture.dir().write("sys/fs/selinux/enforce", "1");
  fixture.dir().write("secret", "x");
  ASSERT_EQ(::chmod((fixture.dir() / "secret").c_str(), 0), 0);
  ASSERT_EQ(::chmod(fixture.dir().str().c_str(), 0755), 0);
  CommandBench bench(fixture.root());
  // root may read everything, so somebody else has to ask.
  if (::geteuid() == 0 && ::seteuid(65534) != 0) GTEST_SKIP() << "cannot become an unprivileged user";
  const auto handle = file_open(bench.context(), open_args("/secret"));
  ASSERT_EQ(::seteuid(::getuid()), 0);
  ASSERT_FALSE(handle);
  EXPECT_EQ(handle.error().text,
            "failed to open file '/secret' (mode: 'r'): Permission denied (SELinux enforces its policy here)");
}

TEST(FileOpen, CreatesNothingWhenTheTableIsFull) {
  CommandBench bench;
  const std::string path = bench.dir().write("file", "precious");
  std::vector<FileHandles::Place> places;
  while (auto place = bench.files().reserve()) places.push_back(*std::move(place));
  EXPECT_EQ(places.size(), 4096U);
  const auto handle = file_open(bench.context(), open_args(path, "w"));
  ASSERT_FALSE(handle);
  EXPECT_EQ(handle.error().text, "failed to open file '" + path + "' (mode: 'w'): Too many open files");
  EXPECT_EQ(bench.dir().read("file"), "precious");
  places.pop_back();
  EXPECT_TRUE(file_open(bench.context(), open_args(path)));
}

TEST(FileOpen, FailsIfTheNumberCannotBeRemembered) {
  CommandBench bench;
  std::filesystem::remove_all(bench.state_dir().path());
  const auto handle = file_open(bench.context(), open_args(bench.dir().write("file", "x")));
  ASSERT_FALSE(handle);
  EXPECT_EQ(handle.error().text, "failed to commit persistent state to disk");
  EXPECT_EQ(bench.files().size(), 0U);
}

}  // namespace
}  // namespace guestd::commands
