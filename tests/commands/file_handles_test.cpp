// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/limits.hpp"
#include "platform/process_limits.hpp"
#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

constexpr auto kMoment = std::chrono::milliseconds(50);

TEST(FileHandles, CountFromOneThousand) {
  CommandBench bench;
  const std::string path = bench.dir().write("file", "x");
  EXPECT_EQ(open_handle(bench, path), 1000);
  ASSERT_TRUE(close(bench, 1000));
  EXPECT_EQ(open_handle(bench, path), 1001) << "a number is used once";
}

TEST(FileHandles, AreNotUsedAgainAfterACrash) {
  CommandBench bench;
  const std::string path = bench.dir().write("file", "x");
  const std::int64_t before = open_handle(bench, path);
  bench.crash();
  EXPECT_EQ(read(bench, before).error().text, "handle '1000' has not been found");
  EXPECT_GT(open_handle(bench, path), before);
  const std::int64_t last = open_handle(bench, path);
  bench.restart();
  EXPECT_EQ(open_handle(bench, path), last + 1) << "without a gap after an end in good order";
}

TEST(FileHandles, ServeTwoThousandAtOnce) {
  CommandBench bench;
  if (!platform::allow_open_files(2100) || *platform::allow_open_files(2100) < 2100) GTEST_SKIP() << "hard limit";
  const std::string path = bench.dir().write("file", "content");
  std::vector<std::int64_t> handles;
  for (int i = 0; i < 2000; ++i) handles.push_back(open_handle(bench, path));
  EXPECT_EQ(std::set(handles.begin(), handles.end()).size(), 2000U);
  for (const std::int64_t handle : handles) EXPECT_EQ(read_text(bench, handle), "content");
  for (const std::int64_t handle : handles) EXPECT_TRUE(close(bench, handle));
  EXPECT_EQ(bench.files().size(), 0U);
}

TEST(FileHandles, CloseTheOneLeftAloneForLongestWhenAllPlacesAreTaken) {
  CommandBench bench;
  const std::string path = bench.dir().write("file", "x");
  const auto oldest = open_handle(bench, path);
  bench.clock().advance(std::chrono::minutes(1));
  const auto newer = open_handle(bench, path);
  std::vector<FileHandles::Place> places;
  while (bench.files().size() + places.size() < limits::kOpenFiles) places.push_back(*bench.files().reserve());
  EXPECT_FALSE(file_open(bench.context(), open_args(path))) << "nothing is idle yet";
  bench.clock().advance(limits::kOpenFileIdle);
  EXPECT_TRUE(file_open(bench.context(), open_args(path)));
  EXPECT_EQ(read(bench, oldest).error().text, "handle '1000' has not been found");
  EXPECT_EQ(read_text(bench, newer), "x");
}

TEST(FileHandles, AreNotClosedWhileACallUsesThem) {
  CommandBench bench;
  const auto handle = open_handle(bench, "/dev/zero");
  {
    const auto turn = bench.files().use(handle);
    bench.clock().advance(2 * limits::kOpenFileIdle);
    EXPECT_FALSE(bench.files().close_idle());
  }
  EXPECT_FALSE(bench.files().close_idle()) << "its time starts with the end of the call";
  bench.clock().advance(limits::kOpenFileIdle);
  EXPECT_TRUE(bench.files().close_idle());
  EXPECT_EQ(bench.files().size(), 0U);
}

TEST(FileHandles, MakeRoomWhenTheProcessHasNoDescriptorLeft) {
  CommandBench bench;
  const std::string path = bench.dir().write("file", "x");
  const auto idle = open_handle(bench, path);
  bench.clock().advance(limits::kOpenFileIdle);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 64;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  std::optional<Error> failure;
  int opened = 0;
  for (; !failure; ++opened) {
    const auto handle = file_open(bench.context(), open_args(path));
    if (!handle) failure = handle.error();
  }
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(failure->text, "failed to open file '" + path + "' (mode: 'r'): Too many open files");
  EXPECT_EQ(read(bench, idle).error().text, "handle '1000' has not been found");
}

TEST(FileHandles, TakeTurnsOnOneFile) {
  CommandBench bench;
  const auto handle = open_handle(bench, "/dev/zero");
  std::optional<Result<FileHandles::Turn>> first = bench.files().use(handle);
  auto second = std::async(std::launch::async, [&] { return bench.files().use(handle).has_value(); });
  EXPECT_EQ(second.wait_for(kMoment), std::future_status::timeout);
  first.reset();
  EXPECT_TRUE(second.get());
}

TEST(FileHandles, LetCallsOnOtherFilesPass) {
  CommandBench bench;
  const auto busy = open_handle(bench, "/dev/zero");
  const auto other = open_handle(bench, "/dev/zero");
  const auto turn = bench.files().use(busy);
  EXPECT_EQ(read_text(bench, other, 10).size(), 10U);
  EXPECT_TRUE(close(bench, other));
}

TEST(FileHandles, LetAStreamEndBeforeTheFileIsClosed) {
  CommandBench bench;
  const auto handle = open_handle(bench, "/dev/zero");
  std::optional<Result<FileReadResult>> stream = read(bench, handle, 1 << 20);
  auto closing = std::async(std::launch::async, [&] { return close(bench, handle).has_value(); });
  EXPECT_EQ(closing.wait_for(kMoment), std::future_status::timeout);
  EXPECT_EQ(take_bytes(**stream).size(), 1U << 20U);
  stream.reset();
  EXPECT_TRUE(closing.get());
}

TEST(FileHandles, AreGoneForCallsThatWaitedBehindAClose) {
  CommandBench bench;
  const auto handle = open_handle(bench, "/dev/zero");
  std::optional<Result<FileHandles::Turn>> first = bench.files().use(handle);
  auto closing = std::async(std::launch::async, [&] { return close(bench, handle).has_value(); });
  std::this_thread::sleep_for(4 * kMoment);
  auto late = std::async(std::launch::async, [&] { return read(bench, handle).error().text; });
  std::this_thread::sleep_for(4 * kMoment);
  first.reset();
  EXPECT_TRUE(closing.get());
  EXPECT_EQ(late.get(), "handle '1000' has not been found");
}

TEST(FileHandles, LoseNothingWhenManyThreadsWriteToOne) {
  CommandBench bench;
  const auto handle = open_handle(bench, bench.dir() / "file", "w");
  std::vector<std::thread> threads;
  for (char letter = 'a'; letter < 'i'; ++letter) {
    threads.emplace_back([&bench, handle, letter] {
      for (int i = 0; i < 50; ++i) EXPECT_TRUE(write(bench, handle, std::string(100, letter)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string content = bench.dir().read("file");
  ASSERT_EQ(content.size(), 8U * 50 * 100);
  for (std::size_t i = 0; i < content.size(); i += 100) {
    EXPECT_EQ(content.substr(i, 100), std::string(100, content[i]));
  }
}

TEST(FileHandles, SurviveOpenAndCloseFromManyThreads) {
  CommandBench bench;
  const std::string path = bench.dir().write("file", "x");
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        const auto handle = file_open(bench.context(), open_args(path));
        if (!handle || read_text(bench, *handle) != "x" || !close(bench, *handle)) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(bench.files().size(), 0U);
}

}  // namespace
}  // namespace guestd::commands
