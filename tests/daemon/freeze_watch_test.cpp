// SPDX-License-Identifier: Apache-2.0
#include "daemon/freeze_watch.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "platform/clock.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/test_loop.hpp"

namespace guestd::daemon {
namespace {

using namespace std::chrono_literals;

class FreezeWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    log_ = *Log::open({dir_ / "log", false, false});
    watch_ = *FreezeWatch::create(loop_.io(), *log_);
    watch_->start([this] {
      on_another_thread_ = std::this_thread::get_id() != test_thread_;
      ++calls_;
    });
  }

  const std::thread::id test_thread_ = std::this_thread::get_id();
  platform::SystemClock clock_;
  support::TempDir dir_;
  support::TestLoop loop_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<FreezeWatch> watch_;
  std::atomic<bool> on_another_thread_ = false;
  std::atomic<int> calls_ = 0;
};

TEST_F(FreezeWatchTest, CallsWhenADeadlineIsOverOnAThreadThatMayWait) {
  watch_->deadline_is(clock_.since_boot() + 30ms);
  EXPECT_TRUE(loop_.run_until([&] { return calls_ == 1; }));
  EXPECT_TRUE(on_another_thread_);
}

TEST_F(FreezeWatchTest, CallsAtOnceForADeadlineThatHasPassed) {
  watch_->deadline_is(std::chrono::nanoseconds(0));
  EXPECT_TRUE(loop_.run_until([&] { return calls_ == 1; }));
}

TEST_F(FreezeWatchTest, DoesNotCallForADeadlineThatWasTakenBackOrPutOff) {
  watch_->deadline_is(clock_.since_boot() + 50ms);
  watch_->deadline_is(std::nullopt);
  loop_.run_for(150ms);
  watch_->deadline_is(clock_.since_boot() + 50ms);
  watch_->deadline_is(clock_.since_boot() + 1h);
  loop_.run_for(150ms);
  EXPECT_EQ(calls_, 0);
}

TEST_F(FreezeWatchTest, WakesNobodyWhileNothingIsFrozen) { EXPECT_EQ(loop_.run_for(200ms), 0U); }

TEST_F(FreezeWatchTest, KeepsTheLogOffTheDiskWhileWritesAreHeld) {
  watch_->hold_writes(true);
  watch_->tell(commands::FreezeListener::Severity::kWarning, "told meanwhile");
  EXPECT_EQ(dir_.read("log"), "");
  watch_->hold_writes(false);
  EXPECT_NE(dir_.read("log").find("warning: told meanwhile"), std::string::npos);
}

}  // namespace
}  // namespace guestd::daemon
