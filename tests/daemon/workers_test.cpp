// SPDX-License-Identifier: Apache-2.0
#include "daemon/workers.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <iterator>
#include <memory>
#include <thread>

#include "base/limits.hpp"
#include "tests/support/agent.hpp"

namespace guestd::daemon {
namespace {

using namespace std::chrono_literals;
using support::eventually;

std::size_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

/// Keeps work busy until it is opened, at the latest at the end of the test.
class Gate {
 public:
  Gate() : opened_(promise_.get_future().share()) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() { open(); }
  void open() {
    if (!std::exchange(open_, true)) promise_.set_value();
  }
  [[nodiscard]] std::function<void()> work() const {
    return [opened = opened_] { opened.wait(); };
  }

 private:
  std::promise<void> promise_;
  std::shared_future<void> opened_;
  bool open_ = false;
};

class WorkersTest : public testing::Test {
 protected:
  void TearDown() override {
    gate_.open();
    EXPECT_TRUE(eventually([&] { return workers_->busy() == 0; }));
    workers_.reset();
    EXPECT_TRUE(eventually([&] { return threads_of_this_process() == threads_before_; })) << "a thread was left behind";
  }

  const std::size_t threads_before_ = threads_of_this_process();
  Gate gate_;
  std::unique_ptr<Workers> workers_ = std::make_unique<Workers>();
};

TEST_F(WorkersTest, StartNoThreadBeforeThereIsWork) { EXPECT_EQ(threads_of_this_process(), threads_before_); }

TEST_F(WorkersTest, RunWhatIsSubmittedOnAnotherThread) {
  std::promise<std::thread::id> ran;
  ASSERT_TRUE(workers_->submit([&] { ran.set_value(std::this_thread::get_id()); }));
  EXPECT_NE(ran.get_future().get(), std::this_thread::get_id());
}

TEST_F(WorkersTest, RunWorkSideBySide) {
  ASSERT_TRUE(workers_->submit(gate_.work()));
  std::promise<void> ran;
  ASSERT_TRUE(workers_->submit([&] { ran.set_value(); }));
  EXPECT_EQ(ran.get_future().wait_for(support::kPatience), std::future_status::ready);
  EXPECT_TRUE(eventually([&] { return workers_->busy() == 1; }));
}

TEST_F(WorkersTest, RefuseWorkWhileAllAreBusyAndTakeItAgainAfterwards) {
  for (std::size_t i = 0; i < limits::kWorkers; ++i) ASSERT_TRUE(workers_->submit(gate_.work()));
  EXPECT_EQ(workers_->busy(), limits::kWorkers);
  std::atomic<bool> refused_work_ran = false;
  EXPECT_FALSE(workers_->submit([&] { refused_work_ran = true; }));
  gate_.open();
  ASSERT_TRUE(eventually([&] { return workers_->busy() == 0; }));
  EXPECT_FALSE(refused_work_ran);
  EXPECT_TRUE(workers_->submit([] {}));
}

TEST_F(WorkersTest, KeepThreadsForWhatMustRunWhileAllOthersWait) {
  for (std::size_t i = 0; i < limits::kWorkers; ++i) ASSERT_TRUE(workers_->submit(gate_.work()));
  EXPECT_FALSE(workers_->submit([] {}));
  for (std::size_t i = 0; i < limits::kWorkersWhileFrozen; ++i) {
    EXPECT_TRUE(workers_->submit(gate_.work(), Workers::Need::kWhileFrozen));
  }
  EXPECT_FALSE(workers_->submit([] {}, Workers::Need::kWhileFrozen)) << "these too have an end";
}

TEST_F(WorkersTest, NeverHaveMoreThreadsThanTheLimit) {
  std::atomic<std::size_t> at_once = 0;
  std::atomic<std::size_t> most_at_once = 0;
  std::atomic<std::size_t> ran = 0;
  std::size_t taken = 0;
  for (int i = 0; i < 2000; ++i) {
    taken += workers_->submit([&] {
      const std::size_t now = ++at_once;
      std::size_t most = most_at_once;
      while (now > most && !most_at_once.compare_exchange_weak(most, now)) continue;
      if (now % 3 == 0) std::this_thread::yield();
      --at_once;
      ++ran;
    });
    EXPECT_LE(workers_->busy(), limits::kWorkers);
  }
  EXPECT_LE(threads_of_this_process(), threads_before_ + limits::kWorkers);
  ASSERT_TRUE(eventually([&] { return workers_->busy() == 0; }));
  EXPECT_EQ(ran, taken) << "all work that was taken must run, once";
  EXPECT_LE(most_at_once, limits::kWorkers);
}

TEST_F(WorkersTest, ReuseAThreadThatHasBecomeIdle) {
  std::promise<pid_t> first;
  std::promise<pid_t> second;
  ASSERT_TRUE(workers_->submit([&] { first.set_value(::gettid()); }));
  ASSERT_TRUE(eventually([&] { return workers_->busy() == 0; }));
  ASSERT_TRUE(workers_->submit([&] { second.set_value(::gettid()); }));
  EXPECT_EQ(first.get_future().get(), second.get_future().get());
}

TEST_F(WorkersTest, EndTheirThreadsALittleAfterTheLastWork) {
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(workers_->submit(gate_.work()));
  EXPECT_EQ(threads_of_this_process(), threads_before_ + 4);
  gate_.open();
  EXPECT_TRUE(eventually([&] { return threads_of_this_process() == threads_before_; },
                         limits::kWorkerIdle + support::kPatience));
  EXPECT_TRUE(workers_->submit([] {})) << "work after the end of all threads starts a new one";
}

TEST_F(WorkersTest, FreeWhatTheWorkHeldBeforeTheyCountAsFree) {
  auto held = std::make_shared<int>(1);
  ASSERT_TRUE(workers_->submit([held] { static_cast<void>(held); }));
  ASSERT_TRUE(eventually([&] { return workers_->busy() == 0; }));
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(WorkersTest, DoNotWaitForAStuckThreadAtTheirEnd) {
  ASSERT_TRUE(workers_->submit(gate_.work()));
  const auto begin = std::chrono::steady_clock::now();
  workers_ = std::make_unique<Workers>();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_EQ(threads_of_this_process(), threads_before_ + 1) << "the stuck thread is left to itself";
}

}  // namespace
}  // namespace guestd::daemon
