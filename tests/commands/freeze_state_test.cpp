// SPDX-License-Identifier: Apache-2.0
#include "commands/freeze_state.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "tests/commands/freeze_bench.hpp"

namespace guestd::commands {
namespace {

using namespace std::chrono_literals;
using support::FakePrograms;

/// A place where a thread stops until it is let through.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    arrived_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void wait_for_arrival() {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 20s, [&] { return arrived_; }));
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool arrived_ = false;
  bool open_ = false;
};

TEST(FreezeStateTest, ASecondFreezeIsRefusedInTheWordsOfTheDaemon) {
  FreezeBench bench;
  ASSERT_EQ(*bench.freeze(), 3);
  const auto second = bench.freeze();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Error::Kind::kUnsupported);
  EXPECT_EQ(second.error().text, "Command guest-fsfreeze-freeze has been disabled: the command is not allowed");
}

TEST(FreezeStateTest, AThawWithoutAFreezeIsNoErrorAndCallsNoHook) {
  FreezeBench bench;
  bench.hook("db");
  EXPECT_EQ(*bench.state().thaw(), 0);
  EXPECT_TRUE(bench.hook_calls().empty());
}

TEST(FreezeStateTest, AThawWithoutAFreezeThawsWhatWasLeftFrozen) {
  FreezeBench bench;
  bench->freezer().set_frozen("/srv", true);
  EXPECT_EQ(*bench.state().thaw(), 1);
  EXPECT_TRUE(bench->freezer().frozen().empty());
}

TEST(FreezeStateTest, DoesNotCountWhatSomebodyElseHasThawed) {
  FreezeBench bench;
  ASSERT_EQ(*bench.freeze(), 3);
  bench->freezer().set_frozen("/home", false);
  EXPECT_EQ(*bench.state().thaw(), 2);
}

TEST(FreezeStateTest, StatusWaitsForAFreezeThatIsUnderWay) {
  FreezeBench bench;
  Gate gate;
  bench->freezer().on_freeze([&](const std::string& mountpoint) {
    if (mountpoint == "/home") gate.pass();
  });
  auto frozen = std::async(std::launch::async, [&] { return *bench.freeze(); });
  gate.wait_for_arrival();
  auto status = std::async(std::launch::async, [&] { return bench.state().is_frozen(); });
  EXPECT_EQ(status.wait_for(100ms), std::future_status::timeout);
  EXPECT_TRUE(bench.state().report().busy) << "the report waits for nothing";
  EXPECT_EQ(bench.state().report().frozen, 1);
  gate.open();
  EXPECT_EQ(frozen.get(), 3);
  EXPECT_TRUE(status.get());
}

TEST(FreezeStateTest, ThawWaitsForAFreezeThatIsUnderWay) {
  FreezeBench bench;
  Gate gate;
  bench.hook("slow");
  bench->programs().answer([&](const platform::ProgramCall& call) {
    if (call.arguments[0] == "freeze") gate.pass();
    return FakePrograms::exit(0);
  });
  auto frozen = std::async(std::launch::async, [&] { return *bench.freeze(); });
  gate.wait_for_arrival();
  EXPECT_FALSE(bench.state().restricts()) << "while a hook runs, all commands work";
  auto thawed = std::async(std::launch::async, [&] { return *bench.state().thaw(); });
  EXPECT_EQ(thawed.wait_for(100ms), std::future_status::timeout);
  gate.open();
  EXPECT_EQ(frozen.get(), 3);
  EXPECT_EQ(thawed.get(), 3);
}

// ---- the deadline

TEST(FreezeStateTest, ThawsByItselfWhenTheDeadlineIsOver) {
  FreezeBench bench;
  bench.hook("db");
  ASSERT_EQ(*bench.freeze(), 3);
  ASSERT_EQ(bench->listener().deadline(), bench->clock().since_boot() + 600s);
  bench->clock().advance(599s);
  bench.state().thaw_when_due();
  EXPECT_TRUE(bench.state().is_frozen()) << "too early";
  EXPECT_EQ(bench.state().report().deadline_left_ms, 1000);
  bench->clock().advance(1s);
  bench.state().thaw_when_due();
  EXPECT_FALSE(bench.state().is_frozen());
  EXPECT_EQ(bench.hook_calls().back(), "/hooks/db thaw");
  EXPECT_EQ(bench->listener().deadline(), std::nullopt);
  EXPECT_FALSE(bench.has_marker());
  const auto report = bench.state().report();
  EXPECT_EQ(report.end, GuestdFreezeEnd::kDeadline);
  EXPECT_EQ(report.frozen_ms, 600'000);
  EXPECT_EQ(*bench.state().thaw(), 0) << "so the host learns that its snapshot is not consistent";
  EXPECT_EQ(bench.hook_calls().size(), 2U) << "hooks are told to thaw once";
  ASSERT_FALSE(bench->listener().texts().empty());
  EXPECT_EQ(bench->listener().texts().back(),
            "3 of 3 file systems thawed after 600.0 s, because the host did not thaw in time");
}

TEST(FreezeStateTest, HasNoDeadlineWhereThatIsSwitchedOff) {
  FreezeBench bench;
  bench->freeze_settings().timeout = 0s;
  bench->restart();
  ASSERT_EQ(*bench.freeze(), 3);
  EXPECT_EQ(bench->listener().deadline(), std::nullopt);
  bench->clock().advance(24h);
  bench.state().thaw_when_due();
  EXPECT_TRUE(bench.state().is_frozen());
}

TEST(FreezeStateTest, ADeadlineThawsWhatIsFrozenWhileTheRestHangsInTheKernel) {
  FreezeBench bench;
  bench.hook("db");
  Gate gate;
  bench->freezer().on_freeze([&](const std::string& mountpoint) {
    if (mountpoint == "/home") gate.pass();
  });
  auto frozen = std::async(std::launch::async, [&] { return bench.freeze(); });
  gate.wait_for_arrival();
  bench->clock().advance(600s);
  bench.state().thaw_when_due();
  EXPECT_TRUE(bench->freezer().frozen().empty());
  EXPECT_EQ(bench.hook_calls().back(), "/hooks/db thaw");
  EXPECT_FALSE(bench.state().restricts());
  EXPECT_FALSE(bench.state().is_frozen()) << "nobody waits for what hangs";
  EXPECT_EQ(*bench.state().thaw(), 0);
  EXPECT_EQ(bench.freeze().error().text, "an earlier freeze, which was given up, still hangs in the kernel");
  gate.open();
  const auto outcome = frozen.get();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().text, "the freeze was given up: /home took too long");
  EXPECT_TRUE(bench->freezer().frozen().empty()) << "what came out of the kernel at last is thawed";
  EXPECT_EQ(bench.log(), (Strings{"freeze /srv", "thaw /srv", "freeze /home", "thaw /home"}));
  bench->freezer().on_freeze({});
  EXPECT_EQ(*bench.freeze(), 3) << "and then it can freeze again";
}

// Before anything is frozen, but with the hooks called: a database must not be held for ever by a disk that has died.
TEST(FreezeStateTest, ADeadlineEndsAFreezeThatHangsWhileItWritesBack) {
  FreezeBench bench;
  bench.hook("db");
  Gate gate;
  bench->freezer().on_action([&](const std::string& action, const std::string& mountpoint) {
    if (action == "write_back" && mountpoint == "/home") gate.pass();
  });
  auto frozen = std::async(std::launch::async, [&] { return bench.freeze(); });
  gate.wait_for_arrival();
  ASSERT_EQ(bench->listener().deadline(), bench->clock().since_boot() + 600s);
  bench->clock().advance(600s);
  bench.state().thaw_when_due();
  EXPECT_EQ(bench.hook_calls().back(), "/hooks/db thaw");
  EXPECT_FALSE(bench.state().is_frozen()) << "nobody waits for what hangs";
  EXPECT_EQ(*bench.state().thaw(), 0);
  gate.open();
  const auto outcome = frozen.get();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().text, "the freeze was given up: writing back what is in memory took too long");
  EXPECT_TRUE(bench.log().empty()) << "nothing was frozen";
  EXPECT_FALSE(bench.state().restricts());
  EXPECT_FALSE(bench.has_marker());
  EXPECT_EQ(*bench.freeze(), 3);
}

TEST(FreezeStateTest, ADiskThatHangsWhileItIsThawedKeepsNoOtherOneFrozen) {
  FreezeBench bench;
  FreezeState state(bench->host(), bench->freeze_settings(), bench->listener(), {500ms, 20ms, 8, true});
  ASSERT_EQ(*state.freeze(std::nullopt, "x"), 3);
  Gate gate;
  // Thawed first, as it was frozen last.
  bench->freezer().on_action([&](const std::string& action, const std::string& mountpoint) {
    if (action == "thaw" && mountpoint == "/") gate.pass();
  });
  EXPECT_EQ(*state.thaw(), 2);
  EXPECT_EQ(bench->freezer().frozen(), (std::set<std::string>{"/"}));
  EXPECT_FALSE(state.restricts());
  const auto report = state.report();
  const auto root = std::find_if(report.filesystems.begin(), report.filesystems.end(),
                                 [](const auto& record) { return record.mountpoint == "/"; });
  ASSERT_NE(root, report.filesystems.end());
  EXPECT_EQ(root->outcome, GuestdFreezeOutcome::kFailed);
  EXPECT_EQ(root->reason, "the kernel does not come back from thawing: Connection timed out");
  gate.open();
  while (!bench->freezer().frozen().empty()) std::this_thread::sleep_for(1ms);
}

// ---- the end of the agent

TEST(FreezeStateTest, ThawsWhenTheAgentEnds) {
  FreezeBench bench;
  bench.hook("db");
  ASSERT_EQ(*bench.freeze(), 3);
  bench.state().thaw_for_stop(0ms);
  EXPECT_TRUE(bench->freezer().frozen().empty());
  EXPECT_EQ(bench.hook_calls().back(), "/hooks/db thaw");
  EXPECT_EQ(bench.state().report().end, GuestdFreezeEnd::kAgentStop);
  EXPECT_FALSE(bench.has_marker());
}

TEST(FreezeStateTest, AFreezeThatIsInItsHooksWhenTheAgentEndsGoesNoFurther) {
  FreezeBench bench;
  bench.hook("1");
  bench.hook("2");
  Gate gate;
  bench->programs().answer([&](const platform::ProgramCall& call) {
    if (call.path == "/hooks/1" && call.arguments[0] == "freeze") gate.pass();
    return FakePrograms::exit(0);
  });
  auto frozen = std::async(std::launch::async, [&] { return bench.freeze(); });
  gate.wait_for_arrival();
  auto stopped = std::async(std::launch::async, [&] { bench.state().thaw_for_stop(20s); });
  std::this_thread::sleep_for(50ms);
  gate.open();
  stopped.get();
  EXPECT_FALSE(frozen.get());
  EXPECT_TRUE(bench.log().empty());
  EXPECT_EQ(bench.hook_calls(), (Strings{"/hooks/1 freeze", "/hooks/1 thaw"}));
}

// ---- an agent that was killed

TEST(FreezeStateTest, GoesOnWithTheDeadlineThatIsLeftAfterAKill) {
  FreezeBench bench;
  bench.hook("db");
  ASSERT_EQ(*bench.freeze(), 3);
  bench->crash();
  bench->clock().advance(100s);
  bench.state().take_over();
  if (platform::FreezeMarkerFile(bench->state_dir().str()).is_in_memory()) {
    EXPECT_TRUE(bench.state().is_frozen());
    EXPECT_TRUE(bench.state().restricts());
    EXPECT_TRUE(bench->listener().holds());
    EXPECT_EQ(bench.state().report().deadline_left_ms, 500'000);
    EXPECT_EQ(bench.state().report().frozen, 3);
  }
  EXPECT_EQ(*bench.state().thaw(), 3);
  EXPECT_EQ(bench.hook_calls(), (Strings{"/hooks/db freeze", "/hooks/db thaw"}));
  EXPECT_FALSE(bench.has_marker());
}

platform::FreezeMarker marker(platform::FreezeMarker::Phase phase) {
  platform::FreezeMarker marker;
  marker.boot_id = kBootId;
  marker.phase = phase;
  marker.since = 1s;
  marker.deadline = std::chrono::nanoseconds(support::kFixtureTimeNs) + 300s;
  marker.file_systems = {{{8, 3}, "/srv"}, {{8, 2}, "/old place of home"}, {{9, 9}, "/gone"}};
  marker.hooks = {"/hooks/db"};
  return marker;
}

TEST(FreezeStateTest, FindsFileSystemsAgainByTheirDevice) {
  FreezeBench bench;
  bench->freezer().set_frozen("/srv", true);
  bench->freezer().set_frozen("/home", true);
  ASSERT_TRUE(
      platform::FreezeMarkerFile(bench->state_dir().str()).write(marker(platform::FreezeMarker::Phase::kFrozen)));
  bench.state().take_over();
  EXPECT_TRUE(bench.state().is_frozen());
  EXPECT_EQ(bench.state().report().deadline_left_ms, 300'000);
  EXPECT_EQ(*bench.state().thaw(), 2);
  EXPECT_TRUE(bench->freezer().frozen().empty());
  const Strings texts = bench->listener().texts();
  EXPECT_TRUE(std::ranges::any_of(texts, [](const auto& t) { return t.find("/gone (not mounted)") != t.npos; }));
}

TEST(FreezeStateTest, ThawsAtOnceWhatTheHostWasNeverToldOf) {
  FreezeBench bench;
  bench.hook("db");
  bench->freezer().set_frozen("/srv", true);
  ASSERT_TRUE(
      platform::FreezeMarkerFile(bench->state_dir().str()).write(marker(platform::FreezeMarker::Phase::kFreezing)));
  bench.state().take_over();
  ASSERT_EQ(bench->listener().deadline(), bench->clock().since_boot()) << "due now";
  bench.state().thaw_when_due();
  EXPECT_FALSE(bench.state().is_frozen());
  EXPECT_TRUE(bench->freezer().frozen().empty());
  EXPECT_EQ(bench.hook_calls(), (Strings{"/hooks/db thaw"}));
  EXPECT_EQ(bench.state().report().end, GuestdFreezeEnd::kAgentDeath);
  EXPECT_FALSE(bench.has_marker());
}

TEST(FreezeStateTest, DropsAMarkerOfAnEarlierBoot) {
  FreezeBench bench;
  auto old = marker(platform::FreezeMarker::Phase::kFrozen);
  old.boot_id = "0";
  ASSERT_TRUE(platform::FreezeMarkerFile(bench->state_dir().str()).write(old));
  bench.state().take_over();
  EXPECT_FALSE(bench.state().is_frozen());
  EXPECT_FALSE(bench.has_marker());
  EXPECT_TRUE(bench.log().empty());
}

TEST(FreezeStateTest, AMarkerGivesNoMoreTimeThanTheConfiguration) {
  FreezeBench bench;
  auto odd = marker(platform::FreezeMarker::Phase::kFrozen);
  odd.deadline = std::chrono::nanoseconds::max();
  ASSERT_TRUE(platform::FreezeMarkerFile(bench->state_dir().str()).write(odd));
  bench.state().take_over();
  EXPECT_EQ(bench.state().report().deadline_left_ms, 600'000);
}

TEST(FreezeStateTest, ThawsEverythingIfTheMarkerCannotBeUnderstood) {
  FreezeBench bench;
  bench->freezer().set_frozen("/home", true);
  bench->state_dir().write("guestd.frozen", "guestd-freeze 1\nboot");
  bench.state().take_over();
  EXPECT_FALSE(bench.state().is_frozen());
  EXPECT_TRUE(bench->freezer().frozen().empty());
  EXPECT_FALSE(bench.has_marker());
}

TEST(FreezeStateTest, RunsNoProgramOfAMarkerThatIsNoSafeHookAnyMore) {
  FreezeBench bench;
  ASSERT_TRUE(
      platform::FreezeMarkerFile(bench->state_dir().str()).write(marker(platform::FreezeMarker::Phase::kFrozen)));
  bench.state().take_over();
  EXPECT_EQ(*bench.state().thaw(), 0);
  EXPECT_TRUE(bench.hook_calls().empty()) << "/hooks/db is not there";
}

TEST(FreezeStateTest, ManyThreadsAtOnceAlwaysEndThawed) {
  FreezeBench bench;
  std::atomic<std::int64_t> balance{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 50; ++turn) {
        if (const auto frozen = bench.freeze()) balance += *frozen;
        (void)bench.state().report();
        (void)bench.state().is_frozen();
        balance -= *bench.state().thaw();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  balance -= *bench.state().thaw();
  EXPECT_EQ(balance, 0);
  EXPECT_TRUE(bench->freezer().frozen().empty());
  EXPECT_FALSE(bench.state().restricts());
  EXPECT_FALSE(bench.has_marker());
}

}  // namespace
}  // namespace guestd::commands
