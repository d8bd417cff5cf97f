// SPDX-License-Identifier: Apache-2.0
#include "commands/child.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <string>
#include <thread>

#include "tests/commands/exec_bench.hpp"

namespace guestd::commands {
namespace {

/// A child without a table: the test is the one that watches.
class ChildTest : public testing::Test {
 protected:
  static std::unique_ptr<platform::Readiness> make_readiness() {
    auto made = platform::Readiness::create();
    return made ? *std::move(made) : nullptr;
  }
  void start(const std::string& script, std::size_t limit = 1 << 20U, WhenFull when_full = WhenFull::kDropOldest) {
    auto pipe = platform::make_pipe(platform::PipeUse::kProgramWrites);
    ASSERT_TRUE(pipe);
    platform::ProcessStart call;
    call.path = "/bin/sh";
    call.arguments = {"-c", script};
    call.output = pipe->theirs.get();
    auto started = processes_->start(std::move(call));
    ASSERT_TRUE(started) << started.error().text;
    Child::Setup setup;
    setup.number = 7;
    setup.path = "/bin/sh";
    setup.grace = 20ms;
    setup.process = *std::move(started);
    setup.outputs[0] = std::move(pipe->ours);
    setup.captured[0] = std::make_shared<OutputStore>(limit, when_full, budget_);
    child_ = std::make_unique<Child>(std::move(setup), *readiness_);
    ASSERT_TRUE(child_->watch());
  }
  /// Handles what is ready, until the condition holds.
  template <typename Condition>
  bool watch_until(Condition condition) {
    return comes_true([&] {
      for (const auto& event : readiness_->wait(5ms)) {
        EXPECT_EQ(event.token >> Child::kPartBits, 7U);
        if ((event.token & 3U) == 0) {
          ++ends_;
          child_->on_process_ready();
        } else {
          ++reads_;
          child_->on_readable(ChildStream::kOutput, buffer_);
        }
      }
      return condition();
    });
  }

  std::unique_ptr<platform::Processes> processes_ = platform::system_processes();
  std::unique_ptr<platform::Readiness> readiness_ = make_readiness();
  OutputBudget budget_{64 << 20U};
  std::unique_ptr<Child> child_;
  std::string buffer_;
  int ends_ = 0;
  int reads_ = 0;
};

TEST_F(ChildTest, IsCompleteWhenItHasEndedAndItsOutputHas) {
  start("echo hello; exit 3");
  EXPECT_FALSE(child_->state().complete);
  ASSERT_TRUE(watch_until([&] { return child_->state().complete; }));
  EXPECT_EQ(child_->state().exit, (platform::ProcessExit{false, 3}));
  EXPECT_EQ(child_->written(ChildStream::kOutput), 6U);
  EXPECT_FALSE(child_->written(ChildStream::kError));
}

TEST_F(ChildTest, IsReapedOnce) {
  start("true");
  ASSERT_TRUE(watch_until([&] { return child_->state().exited; }));
  EXPECT_FALSE(child_->on_process_ready());
  EXPECT_EQ(child_->signal(platform::SignalTarget::kProcess, SIGKILL).error().text,
            "PID " + std::to_string(child_->pid()) + " has ended");
}

TEST_F(ChildTest, IsNotReadFromAnyMoreWhenItsStoreIsFullAndCostsNothingThen) {
  start("yes", 4096, WhenFull::kWait);
  ASSERT_TRUE(watch_until([&] { return child_->written(ChildStream::kOutput) == 4096U; }));
  const int before = reads_;
  for (int turn = 0; turn < 10; ++turn) {
    EXPECT_TRUE(readiness_->wait(2ms).empty()) << "it would spin";
  }
  EXPECT_EQ(reads_, before);
  const auto news = child_->read({.most_bytes = 4096}, {});
  ASSERT_TRUE(news);
  EXPECT_EQ(news->pieces[0].bytes.size(), 4096U);
  EXPECT_TRUE(watch_until([&] { return *child_->written(ChildStream::kOutput) == 8192U; })) << "it goes on";
  EXPECT_TRUE(child_->signal(platform::SignalTarget::kGroup, SIGKILL));
  ASSERT_TRUE(watch_until([&] { return child_->state().exited; }));
}

TEST_F(ChildTest, WakesEverybodyOnceThatWaits) {
  start("read nothing; echo");
  int woken = 0;
  for (int reader = 0; reader < 3; ++reader) EXPECT_FALSE(child_->read({.most_bytes = 1}, [&] { ++woken; })->is_new);
  ASSERT_TRUE(watch_until([&] { return child_->state().complete; }));
  EXPECT_EQ(woken, 3);
}

TEST_F(ChildTest, KeepsNoEndlessListOfThoseThatHaveGivenUp) {
  start("sleep 1000");
  int woken = 0;
  for (int reader = 0; reader < 10'000; ++reader) (void)child_->read({.most_bytes = 1}, [&] { ++woken; });
  EXPECT_GT(woken, 9'000) << "old ones are told and dropped";
  (void)child_->signal(platform::SignalTarget::kGroup, SIGKILL);
  ASSERT_TRUE(watch_until([&] { return child_->state().exited; }));
}

}  // namespace
}  // namespace guestd::commands
