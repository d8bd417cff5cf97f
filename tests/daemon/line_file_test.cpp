// SPDX-License-Identifier: Apache-2.0
#include "daemon/line_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include "tests/support/agent.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::daemon {
namespace {

std::string note_of(std::uint64_t lines) { return std::to_string(lines) + " lost\n"; }

/// A pipe in place of the disk: it takes nothing while it is full, and whoever writes to it stands still.
class LineFileOnASlowDisk : public testing::Test {
 protected:
  LineFileOnASlowDisk() {
    ::signal(SIGPIPE, SIG_IGN);  // as in the agent: the reader goes before what is still to be written
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reader_.reset(ends[0]);
    EXPECT_GT(::fcntl(ends[1], F_SETPIPE_SZ, 4096), 0);
    file_.use(UniqueFd(ends[1]));
  }
  [[nodiscard]] int readable_bytes() const {
    int bytes = 0;
    EXPECT_EQ(::ioctl(reader_.get(), FIONREAD, &bytes), 0);
    return bytes;
  }
  // All lines until `last` is among them.
  std::string read_until(const std::string& last) {
    std::string text;
    std::array<char, 4096> piece{};
    while (text.find(last) == std::string::npos) {
      const ssize_t count = ::read(reader_.get(), piece.data(), piece.size());
      if (count <= 0) break;
      text.append(piece.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

  UniqueFd reader_;
  std::mutex mutex_;
  std::string failure_;
  LineFile file_{{.path = "/nonexistent/lines",
                  .note_of_lost = note_of,
                  .on_failure =
                      [this](const Error& error) {
                        const std::lock_guard lock(mutex_);
                        failure_ = error.text;
                      },
                  .uses_threads = true}};
};

TEST_F(LineFileOnASlowDisk, WaitsForNothingAndTellsWhatWasLost) {
  const std::string filler = std::string(3000, 'x') + "\n";
  const std::size_t more = LineFile::kWaitingBytes / filler.size() + 100;
  for (std::size_t i = 0; i < more; ++i) file_.write(filler);
  EXPECT_TRUE(file_.reopen());
  std::atomic<bool> is_read = false;
  std::thread reader([&] {
    EXPECT_THAT(read_until("last one"), testing::ContainsRegex("[0-9]+ lost\n"));
    is_read = true;
  });
  EXPECT_TRUE(support::eventually([&] {
    file_.write("last one\n");
    return is_read.load();
  }));
  reader.join();
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(failure_, "unable to open specified log file: No such file or directory");
}

TEST_F(LineFileOnASlowDisk, WritesNothingWhileHeldAndAllOfItAfterwards) {
  EXPECT_TRUE(file_.hold(true));
  file_.settle();
  file_.write("one\n");
  file_.write("two\n");
  file_.finish();
  EXPECT_EQ(readable_bytes(), 0);
  EXPECT_TRUE(file_.hold(false));
  EXPECT_EQ(read_until("two\n"), "one\ntwo\n");
}

TEST_F(LineFileOnASlowDisk, IsNotWaitedForForLongAtAFreezeOrAtItsEnd) {
  for (int i = 0; i < 10; ++i) file_.write(std::string(3000, 'x'));
  EXPECT_TRUE(file_.hold(true));
  file_.settle();
  EXPECT_TRUE(file_.hold(false));
  file_.finish();
  EXPECT_GT(readable_bytes(), 0) << "nobody reads, and it has come to an end";
}

TEST(LineFileWithoutThreads, WritesAtOnceAndHasThemWhenItMay) {
  const support::TempDir dir;
  LineFile file({.path = dir / "lines", .note_of_lost = note_of, .uses_threads = false});
  ASSERT_TRUE(file.open());
  file.write("one\n");
  EXPECT_EQ(dir.read("lines"), "one\n");
  file.use_threads();
  file.write("two\n");
  file.finish();
  EXPECT_EQ(dir.read("lines"), "one\ntwo\n");
}

TEST(LineFileWithoutThreads, TellsAtOnceThatItCannotBeOpenedAgainAndGoesOnWithTheOldOne) {
  const support::TempDir dir;
  LineFile file({.path = dir / "lines", .note_of_lost = note_of, .uses_threads = false});
  ASSERT_TRUE(file.open());
  std::filesystem::rename(dir / "lines", dir / "lines.1");
  std::filesystem::create_directory(dir / "lines");
  const auto reopened = file.reopen();
  ASSERT_FALSE(reopened);
  EXPECT_EQ(reopened.error().text, "unable to open specified log file: Is a directory");
  file.write("one\n");
  EXPECT_EQ(dir.read("lines.1"), "one\n");
}

TEST(LineFileWithoutThreads, WaitsWithOpeningToo) {
  const support::TempDir dir;
  LineFile file({.path = dir / "lines", .note_of_lost = note_of, .uses_threads = false});
  EXPECT_TRUE(file.hold(true));
  EXPECT_TRUE(file.reopen());
  file.write("one\n");
  EXPECT_FALSE(std::filesystem::exists(dir / "lines"));
  EXPECT_TRUE(file.hold(false));
  EXPECT_EQ(dir.read("lines"), "one\n");
}

TEST(LineFileOnAFullDisk, TellsOfTheLostLinesWhereItGoesOn) {
  const support::TempDir dir;
  LineFile file({.path = dir / "lines", .note_of_lost = note_of, .uses_threads = false});
  file.use(UniqueFd(::open("/dev/full", O_WRONLY | O_CLOEXEC)));
  file.write("one\n");
  file.write("two\n");
  EXPECT_TRUE(file.reopen());
  file.write("three\n");
  EXPECT_EQ(dir.read("lines"), "2 lost\nthree\n");
}

}  // namespace
}  // namespace guestd::daemon
