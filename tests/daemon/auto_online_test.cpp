// SPDX-License-Identifier: Apache-2.0
#include "daemon/auto_online.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/fixture_agent.hpp"
#include "tests/support/fixture_root.hpp"
#include "tests/support/kernel_news.hpp"
#include "tests/support/machine_tree.hpp"
#include "tests/support/recording_switch.hpp"

namespace guestd::daemon {
namespace {

using namespace std::chrono_literals;
using platform::HotplugDevice;
using Kind = HotplugDevice::Kind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr HotplugDevice kCpu4{Kind::kCpu, 4};
constexpr HotplugDevice kBlock32{Kind::kMemoryBlock, 32};

TEST(PluggedDevices, AreThoseThatWereNotThereAtTheStart) {
  PluggedDevices plugged({{Kind::kCpu, 0}, {Kind::kCpu, 4}});
  EXPECT_FALSE(plugged.is_arrival({kCpu4, true})) << "udevadm trigger repeats what is there";
  EXPECT_TRUE(plugged.is_arrival({kBlock32, true}));
}

TEST(PluggedDevices, ArriveOnce) {
  PluggedDevices plugged({});
  EXPECT_TRUE(plugged.is_arrival({kCpu4, true}));
  EXPECT_FALSE(plugged.is_arrival({kCpu4, true})) << "it may have been taken offline on purpose since";
}

TEST(PluggedDevices, ArriveAgainAfterTheyWereRemoved) {
  PluggedDevices plugged({kCpu4});
  EXPECT_FALSE(plugged.is_arrival({kCpu4, false}));
  EXPECT_TRUE(plugged.is_arrival({kCpu4, true}));
}

TEST(PluggedDevices, AreFoundByComparisonWhenEventsWereLost) {
  PluggedDevices plugged({{Kind::kCpu, 0}, {Kind::kCpu, 1}});
  EXPECT_THAT(plugged.arrivals_among({{Kind::kCpu, 0}, kCpu4, kBlock32}), ElementsAre(kCpu4, kBlock32));
  EXPECT_FALSE(plugged.is_arrival({kCpu4, true}));
  EXPECT_TRUE(plugged.is_arrival({{Kind::kCpu, 1}, true})) << "it had gone in between";
}

/// Events that a test makes up.
class MadeUpEvents final : public platform::HotplugEvents {
 public:
  MadeUpEvents() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

  void add(std::initializer_list<HotplugDevice> devices) {
    for (const auto& device : devices) news_.events.push_back({device, true});
    wake();
  }
  void lose() {
    news_.lost_some = true;
    wake();
  }

  [[nodiscard]] int fd() const override { return fd_.get(); }
  News take() override {
    eventfd_t count = 0;
    (void)::eventfd_read(fd_.get(), &count);
    return std::exchange(news_, {});
  }

 private:
  void wake() { ASSERT_EQ(::eventfd_write(fd_.get(), 1), 0); }

  UniqueFd fd_;
  News news_;
};

class AutoOnlineTest : public testing::Test {
 protected:
  AutoOnlineTest() {
    machine_.add_cpu(0, {});
    machine_.add_cpu(1, false);
    machine_.add_block(0, "online");
    auto recorder = std::make_unique<support::RecordingSwitch>();
    recorder_ = recorder.get();
    host_.emplace(platform::Host{machine_.root(), std::make_unique<support::FakeClock>(), ""});
    host_->online_switch = std::move(recorder);
    log_ = std::move(*Log::open({logs_ / "log", false, false}));
    auto_online_ = std::make_unique<AutoOnline>(io_, *host_, workers_, *log_);
    auto events = std::make_unique<MadeUpEvents>();
    events_ = events.get();
    auto_online_->start(std::move(events), {20ms, 0ms});
    settle();  // what is there is looked at
  }
  // The log outlives those who write to it.
  ~AutoOnlineTest() override {
    while (workers_.busy() > 0) std::this_thread::sleep_for(1ms);
  }

  /// Lets it work until `text` stands in the log.
  void run_until_logged(const std::string& text) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (logs_.read("log").find(text) == std::string::npos) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "not in the log: " << text;
      io_.run_for(10ms);
    }
  }
  /// Lets it work until nothing is left to do.
  void settle() {
    io_.run_for(100ms);
    while (workers_.busy() > 0) io_.run_for(5ms);
  }

  support::MachineTree machine_;
  support::TempDir logs_;
  support::RecordingSwitch* recorder_ = nullptr;
  std::optional<platform::Host> host_;
  std::unique_ptr<Log> log_;
  asio::io_context io_;
  Workers workers_;
  std::unique_ptr<AutoOnline> auto_online_;
  MadeUpEvents* events_ = nullptr;
};

TEST_F(AutoOnlineTest, BringsOnlineWhatIsPluggedIn) {
  machine_.add_cpu(4, false);
  machine_.add_block(32, "offline");
  events_->add({kCpu4, kBlock32});
  run_until_logged("brought online what was plugged in: cpu4, memory32");
  EXPECT_THAT(recorder_->calls(), ElementsAre("cpu4 on", "memory32 on"));
}

TEST_F(AutoOnlineTest, LeavesAloneWhatWasThereAtTheStart) {
  events_->add({{Kind::kCpu, 0}, {Kind::kCpu, 1}, {Kind::kMemoryBlock, 0}});
  settle();
  EXPECT_THAT(recorder_->calls(), IsEmpty());
}

TEST_F(AutoOnlineTest, LeavesAloneWhatARuleHasBroughtOnline) {
  machine_.add_cpu(4, false);
  events_->add({kCpu4});
  io_.run_one();
  machine_.add_cpu(4, true);
  settle();
  EXPECT_THAT(recorder_->calls(), IsEmpty());
}

// A host that waits for its first reply must not wait for thousands of files of sysfs.
TEST_F(AutoOnlineTest, ReadsNothingOnTheThreadThatStartsIt) {
  AutoOnline late(io_, *host_, workers_, *log_);
  auto events = std::make_unique<MadeUpEvents>();
  MadeUpEvents* raw = events.get();
  late.start(std::move(events), {0ms, 0ms});
  machine_.add_cpu(5, false);
  settle();
  raw->add({{Kind::kCpu, 5}});
  settle();
  EXPECT_THAT(recorder_->calls(), IsEmpty()) << "it was there when the worker looked";
}

TEST_F(AutoOnlineTest, BringsOnlineWhatComesBeforeItHasLooked) {
  AutoOnline late(io_, *host_, workers_, *log_);
  auto events = std::make_unique<MadeUpEvents>();
  MadeUpEvents* raw = events.get();
  late.start(std::move(events), {0ms, 0ms});
  machine_.add_cpu(4, false);
  raw->add({kCpu4});
  run_until_logged("brought online what was plugged in: cpu4");
  EXPECT_THAT(recorder_->calls(), ElementsAre("cpu4 on"));
}

TEST(Arrivals, AreNoneOfWhatWasThereBefore) {
  support::MachineTree machine;
  machine.add_cpu(4, false);
  Arrivals arrivals;
  const auto root = machine.root();
  EXPECT_THAT(arrivals.take(root), IsEmpty());
  arrivals.add({{{kCpu4, true}, {kBlock32, true}}, false});
  EXPECT_THAT(arrivals.take(root), ElementsAre(kBlock32));
  EXPECT_THAT(arrivals.take(root), IsEmpty());
}

TEST(Arrivals, AreNotGuessedIfEventsWereLostBeforeTheFirstLook) {
  support::MachineTree machine;
  machine.add_cpu(4, false);
  Arrivals arrivals;
  arrivals.add({{}, true});
  EXPECT_THAT(arrivals.take(machine.root()), IsEmpty());
}

TEST_F(AutoOnlineTest, LooksForItselfWhenEventsWereLost) {
  machine_.add_cpu(4, false);
  machine_.add_block(32, "offline");
  events_->lose();
  run_until_logged("brought online what was plugged in");
  EXPECT_THAT(recorder_->calls(), ElementsAre("cpu4 on", "memory32 on"));
}

TEST_F(AutoOnlineTest, GoesOnAfterAFailureAndNamesIt) {
  machine_.add_cpu(4, false);
  machine_.add_block(32, "offline");
  recorder_->fail("cpu4", EIO);
  events_->add({kCpu4, kBlock32});
  run_until_logged("brought online what was plugged in: memory32");
  EXPECT_THAT(logs_.read("log"),
              HasSubstr("cannot bring online what was plugged in, cpu4: switching cpu4: Input/output error"));
}

TEST_F(AutoOnlineTest, NamesOnlyTheFirstOfManyInTheLog) {
  for (std::uint64_t number = 32; number < 64; ++number) {
    machine_.add_block(number, "offline");
    events_->add({{Kind::kMemoryBlock, number}});
  }
  run_until_logged("memory47 and 16 more");
  EXPECT_EQ(recorder_->calls().size(), 32U);
  EXPECT_THAT(logs_.read("log"), Not(HasSubstr("memory48")));
}

TEST_F(AutoOnlineTest, TakesASecondArrivalAfterTheFirst) {
  machine_.add_cpu(4, false);
  events_->add({kCpu4});
  run_until_logged("cpu4");
  machine_.add_block(32, "offline");
  events_->add({kBlock32});
  run_until_logged("memory32");
  EXPECT_THAT(recorder_->calls(), ElementsAre("cpu4 on", "memory32 on"));
}

constexpr const char* kCpu4File = "sys/devices/system/cpu/cpu4/online";

// The agent may look at what is there just between the file and the news of it, and then takes cpu4 for an old one.
void plug_cpu4_again() {
  ASSERT_TRUE(support::KernelNews().says("remove@/devices/system/cpu/cpu4"));
  ASSERT_TRUE(support::KernelNews().says("add@/devices/system/cpu/cpu4"));
}

// A reply shows that the agent is at work. It listens to the kernel a moment later: the news has to be told again.
void plug_cpu4_into(support::FixtureAgent& agent, support::Client& client) {
  ASSERT_TRUE(client.sync());
  agent.machine().write(kCpu4File, "0\n");
  plug_cpu4_again();
}

TEST(AutoOnlineAgent, BringsOnlineWhatTheKernelTellsOf) {
  support::in_own_network([] {
    support::FixtureAgent agent("debian12");
    auto client = agent.connect();
    ASSERT_NO_FATAL_FAILURE(plug_cpu4_into(agent, client));
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (agent.machine().read(kCpu4File) != "1" && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(100ms);
      plug_cpu4_again();
    }
    EXPECT_EQ(agent.machine().read(kCpu4File), "1");
  });
}

TEST(AutoOnlineAgent, CanBeSwitchedOff) {
  support::in_own_network([] {
    Configuration configuration;
    configuration.auto_online = false;
    support::FixtureAgent agent("debian12", configuration);
    auto client = agent.connect();
    ASSERT_NO_FATAL_FAILURE(plug_cpu4_into(agent, client));
    for (int again = 0; again < 5; ++again) {
      std::this_thread::sleep_for(100ms);
      plug_cpu4_again();
    }
    std::this_thread::sleep_for(AutoOnline::Delays().others_first + 500ms);
    EXPECT_EQ(agent.machine().read(kCpu4File), "0\n");
  });
}

}  // namespace
}  // namespace guestd::daemon
