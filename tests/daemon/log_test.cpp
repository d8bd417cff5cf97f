// SPDX-License-Identifier: Apache-2.0
#include "daemon/log.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "tests/support/agent.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::daemon {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

class LogFile : public testing::Test {
 protected:
  std::unique_ptr<Log> open(bool verbose = false) {
    Log::Settings settings;
    settings.file = dir_ / "log";
    settings.verbose = verbose;
    auto log = Log::open(settings);
    EXPECT_TRUE(log) << log.error().text;
    return *std::move(log);
  }
  std::vector<std::string> lines(std::string_view name = "log") {
    std::istringstream text(dir_.read(name));
    std::vector<std::string> all;
    for (std::string line; std::getline(text, line);) all.push_back(line);
    return all;
  }

  support::TempDir dir_;
};

TEST_F(LogFile, HasOneLineWithTimeAndLevelForEachText) {
  const auto log = open();
  const std::time_t before = std::time(nullptr);
  log->info("hello {} %s");
  log->warning("careful");
  log->error("broken");
  const auto all = lines();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_THAT(all[0], MatchesRegex(R"([0-9]+\.[0-9][0-9][0-9][0-9][0-9][0-9]: info: hello \{} %s)"));
  EXPECT_THAT(all[1], EndsWith(": warning: careful"));
  EXPECT_THAT(all[2], EndsWith(": error: broken"));
  const long second = std::atol(all[0].c_str());
  EXPECT_GE(second, before);
  EXPECT_LE(second, std::time(nullptr));
}

TEST_F(LogFile, HoldsDebugLinesOnlyWhenVerbose) {
  const auto quiet = open(false);
  quiet->debug("detail");
  EXPECT_FALSE(quiet->verbose());
  EXPECT_TRUE(lines().empty());
  const auto verbose = open(true);
  verbose->debug("detail");
  EXPECT_TRUE(verbose->verbose());
  ASSERT_EQ(lines().size(), 1U);
  EXPECT_THAT(lines()[0], EndsWith(": debug: detail"));
}

TEST_F(LogFile, GrowsAtItsEndAndIsNotForOthersToWrite) {
  dir_.write("log", "from before\n");
  open()->info("new");
  ASSERT_EQ(lines().size(), 2U);
  EXPECT_EQ(lines()[0], "from before");
  std::filesystem::remove(dir_ / "log");
  open()->info("new");
  struct stat info {};
  ASSERT_EQ(::stat((dir_ / "log").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0027U, 0U);
}

TEST_F(LogFile, IsOpenedAgainUnderItsNameAfterItWasRotated) {
  const auto log = open();
  log->info("first");
  std::filesystem::rename(dir_ / "log", dir_ / "log.1");
  log->info("second");
  ASSERT_TRUE(log->reopen());
  log->info("third");
  ASSERT_EQ(lines("log.1").size(), 2U);
  EXPECT_THAT(lines("log.1")[1], EndsWith("second"));
  ASSERT_EQ(lines().size(), 1U);
  EXPECT_THAT(lines()[0], EndsWith("third"));
}

TEST_F(LogFile, IsNotTouchedWhileLinesAreHeld) {
  const auto log = open();
  log->hold();
  log->info("first");
  log->debug("not verbose");
  log->warning("second");
  EXPECT_TRUE(lines().empty());
  ASSERT_TRUE(log->release());
  log->info("third");
  const auto all = lines();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_THAT(all[0], EndsWith(": info: first"));
  EXPECT_THAT(all[1], EndsWith(": warning: second"));
  EXPECT_THAT(all[2], EndsWith(": info: third"));
}

TEST_F(LogFile, IsOpenedAgainOnlyWhenLinesAreNotHeldAnyMore) {
  const auto log = open();
  log->hold();
  std::filesystem::rename(dir_ / "log", dir_ / "log.1");
  ASSERT_TRUE(log->reopen());
  EXPECT_FALSE(std::filesystem::exists(dir_ / "log"));
  log->info("held");
  ASSERT_TRUE(log->release());
  ASSERT_EQ(lines().size(), 1U);
  EXPECT_TRUE(lines("log.1").empty());
}

TEST_F(LogFile, IsOpenedAtTheReleaseIfLinesAreHeldFromTheStart) {
  Log::Settings settings;
  settings.file = dir_ / "log";
  settings.held = true;
  const auto log = *Log::open(settings);
  log->info("early");
  EXPECT_FALSE(std::filesystem::exists(dir_ / "log"));
  ASSERT_TRUE(log->release());
  ASSERT_EQ(lines().size(), 1U);
  EXPECT_THAT(lines()[0], EndsWith(": info: early"));
}

TEST_F(LogFile, HoldsNoMoreThanItsLimitAndSaysHowMuchItDropped) {
  const auto log = open();
  log->hold();
  for (std::size_t i = 0; i < limits::kHeldLogLines + 7; ++i) log->info("x");
  ASSERT_TRUE(log->release());
  ASSERT_EQ(lines().size(), limits::kHeldLogLines + 1);
  EXPECT_THAT(lines().back(), HasSubstr("7 lines after these were dropped"));
  log->hold();
  for (int i = 0; i < 10; ++i) log->info(std::string(limits::kHeldLogBytes / 4, 'x'));
  ASSERT_TRUE(log->release());
  EXPECT_THAT(lines().back(), HasSubstr("6 lines after these were dropped"));
}

TEST_F(LogFile, StaysInUseWhenItCannotBeOpenedAgain) {
  const auto log = open();
  std::filesystem::rename(dir_ / "log", dir_ / "log.1");
  std::filesystem::create_directory(dir_ / "log");
  const auto reopened = log->reopen();
  ASSERT_FALSE(reopened);
  EXPECT_EQ(reopened.error().text, "unable to open specified log file: Is a directory");
  log->info("still there");
  ASSERT_EQ(lines("log.1").size(), 1U);
}

TEST_F(LogFile, IsWrittenByAThreadWhenThereMayBeOne) {
  const auto log = open();
  log->use_threads();
  for (int i = 0; i < 100; ++i) log->info("line " + std::to_string(i));
  log->finish();
  const auto all = lines();
  ASSERT_EQ(all.size(), 100U);
  EXPECT_THAT(all.back(), EndsWith(": info: line 99"));
}

TEST_F(LogFile, TellsInItselfWhatItsThreadCouldNotDo) {
  const auto log = open();
  log->use_threads();
  std::filesystem::rename(dir_ / "log", dir_ / "log.1");
  std::filesystem::create_directory(dir_ / "log");
  EXPECT_TRUE(log->reopen());
  EXPECT_TRUE(support::eventually([&] { return lines("log.1").size() == 1; }));
  EXPECT_THAT(lines("log.1").back(), EndsWith(": error: unable to open specified log file: Is a directory"));
}

TEST_F(LogFile, IsAnErrorWhenItCannotBeOpened) {
  Log::Settings settings;
  settings.file = dir_ / "missing/log";
  const auto log = Log::open(settings);
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().text, "unable to open specified log file: No such file or directory");
}

TEST_F(LogFile, KeepsTheLinesOfSeveralThreadsWhole) {
  const auto log = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&log, t] {
      for (int i = 0; i < 200; ++i) log->info(std::string(100, static_cast<char>('a' + t)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto all = lines();
  ASSERT_EQ(all.size(), 800U);
  for (const std::string& line : all) EXPECT_THAT(line, EndsWith(": info: " + std::string(100, line.back())));
}

TEST_F(LogFile, OnAFullDiskCostsOnlyTheLines) {
  Log::Settings settings;
  settings.file = "/dev/full";
  auto log = Log::open(settings);
  ASSERT_TRUE(log);
  (*log)->info("lost");
  EXPECT_TRUE((*log)->reopen());
}

TEST(LogWithoutAFile, GoesToStderrInTheForeground) {
  Log::Settings settings;
  settings.foreground = true;
  testing::internal::CaptureStderr();
  {
    auto log = Log::open(settings);
    ASSERT_TRUE(log);
    (*log)->warning("look here");
    EXPECT_TRUE((*log)->reopen()) << "there is nothing to open again";
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr(": warning: look here\n"));
}

}  // namespace
}  // namespace guestd::daemon
