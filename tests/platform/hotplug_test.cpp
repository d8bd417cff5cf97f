// SPDX-License-Identifier: Apache-2.0
#include "platform/hotplug.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "tests/support/kernel_news.hpp"
#include "tests/support/machine_tree.hpp"
#include "tests/support/recording_switch.hpp"

namespace guestd::platform {
namespace {

using Kind = HotplugDevice::Kind;
using support::MachineTree;

std::string message(const std::string& header) {
  using namespace std::string_literals;
  return header + "\0ACTION=add\0DEVPATH=/devices/system/cpu/cpu4\0SUBSYSTEM=cpu\0SEQNUM=1\0"s;
}

TEST(HotplugEvent, IsTheArrivalOrTheEndOfACpuOrABlock) {
  const auto cpu = parse_hotplug_event(message("add@/devices/system/cpu/cpu4"));
  ASSERT_TRUE(cpu);
  EXPECT_TRUE(cpu->added);
  EXPECT_EQ(name_of(cpu->device), "cpu4");
  const auto block = parse_hotplug_event(message("remove@/devices/system/memory/memory1024"));
  ASSERT_TRUE(block);
  EXPECT_FALSE(block->added);
  EXPECT_EQ(name_of(block->device), "memory1024");
}

TEST(HotplugEvent, IsNothingElse) {
  for (const char* header :
       {"online@/devices/system/cpu/cpu4", "change@/devices/system/cpu/cpu4", "add@/devices/system/cpu",
        "add@/devices/system/cpu/", "add@/devices/system/cpu/cpu", "add@/devices/system/cpu/cpu4/cache",
        "add@/devices/system/cpu/cpufreq", "add@/devices/system/cpu/memory4", "add@/devices/system/memory/cpu4",
        "add@/devices/system/node/node1", "add@/module/cpu4", "add", "", "libudev", "add@/devices/system/cpu/cpu-1",
        "add@/devices/system/cpu/cpu9223372036854775808", "add@/devices/system/cpu/cpu99999999999999999999"}) {
    EXPECT_FALSE(parse_hotplug_event(message(header))) << header;
  }
}

TEST(HotplugEvent, IsNotWhatSomebodyMadeTheKernelSay) {
  using namespace std::string_literals;
  // udevadm trigger, at each boot for all that is there
  EXPECT_FALSE(parse_hotplug_event(message("add@/devices/system/cpu/cpu4") + "SYNTH_UUID=0\0SEQNUM=1\0"s));
  EXPECT_TRUE(parse_hotplug_event("add@/devices/system/cpu/cpu4\0ACTION=add\0NOT_SYNTH_UUID=0\0"s));
}

TEST(HotplugEvent, NeedsAnEnd) { EXPECT_FALSE(parse_hotplug_event("add@/devices/system/cpu/cpu4")); }

TEST(HotplugDevices, AreAllCpusAndBlocksInOrder) {
  const MachineTree machine;
  machine.add_block(32, "online");
  machine.add_block(4, "offline");
  machine.add_cpu(10, false);
  machine.add_cpu(9, {});
  const std::vector<HotplugDevice> expected{
      {Kind::kCpu, 9}, {Kind::kCpu, 10}, {Kind::kMemoryBlock, 4}, {Kind::kMemoryBlock, 32}};
  EXPECT_EQ(hotplug_devices(machine.root()), expected);
  EXPECT_TRUE(std::is_sorted(expected.begin(), expected.end()));
}

TEST(BringOnline, SwitchesWhatIsOffline) {
  const MachineTree machine;
  machine.add_cpu(4, false);
  machine.add_block(32, "offline");
  const support::RecordingSwitch recorder;
  EXPECT_TRUE(*bring_online(machine.root(), recorder, {Kind::kCpu, 4}));
  EXPECT_TRUE(*bring_online(machine.root(), recorder, {Kind::kMemoryBlock, 32}));
  EXPECT_EQ(recorder.calls(), (std::vector<std::string>{"cpu4 on", "memory32 on"}));
}

TEST(BringOnline, LeavesAloneWhatIsOnlineFixedOrGone) {
  const MachineTree machine;
  machine.add_cpu(0, {});
  machine.add_cpu(1, true);
  machine.add_block(0, {});
  machine.add_block(1, "online");
  const support::RecordingSwitch recorder;
  for (const std::uint64_t number : {0U, 1U, 2U}) {
    EXPECT_FALSE(*bring_online(machine.root(), recorder, {Kind::kCpu, number}));
    EXPECT_FALSE(*bring_online(machine.root(), recorder, {Kind::kMemoryBlock, number}));
  }
  EXPECT_TRUE(recorder.calls().empty());
}

TEST(BringOnline, FailsIfTheKernelRefuses) {
  const MachineTree machine;
  machine.add_block(32, "offline");
  support::RecordingSwitch recorder;
  recorder.fail("memory32", ENOMEM);
  const auto brought = bring_online(machine.root(), recorder, {Kind::kMemoryBlock, 32});
  ASSERT_FALSE(brought);
  EXPECT_EQ(brought.error().text, "switching memory32: Cannot allocate memory");
}

/// Somebody else is faster by the moment between look and action.
class LateSwitch final : public OnlineSwitch {
 public:
  explicit LateSwitch(const MachineTree& machine) : machine_(machine) {}
  [[nodiscard]] Result<void> set_cpu(std::int64_t number, bool) const override {
    machine_.add_cpu(static_cast<std::uint64_t>(number), true);
    return Error::from_errno("too late", EINVAL);
  }
  [[nodiscard]] Result<void> set_memory_block(std::uint64_t number, bool) const override {
    machine_.remove_block(number);
    return Error::from_errno("too late", ENODEV);
  }

 private:
  const MachineTree& machine_;
};

TEST(BringOnline, IsNoErrorIfSomebodyElseWasFaster) {
  const MachineTree machine;
  machine.add_cpu(4, false);
  machine.add_block(0, "online");
  machine.add_block(32, "offline");
  const LateSwitch late(machine);
  const auto cpu = bring_online(machine.root(), late, {Kind::kCpu, 4});
  ASSERT_TRUE(cpu);
  EXPECT_FALSE(*cpu);
  const auto block = bring_online(machine.root(), late, {Kind::kMemoryBlock, 32});
  ASSERT_TRUE(block);
  EXPECT_FALSE(*block);
}

bool is_readable(int fd) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, 0) == 1;
}

// Messages to a group are delivered before sendto() returns, so "nothing is there" needs no wait.
TEST(HotplugEvents, BringCpusAndBlocksAndNothingElse) {
  support::in_own_network([] {
    auto events = watch_hotplug();
    ASSERT_TRUE(events) << events.error().text;
    const support::KernelNews kernel;
    for (const char* other :
         {"add@/devices/virtual/net/eth0", "add@/devices/system/node/node1", "change@/devices/system/cpu/cpu1",
          "online@/devices/system/cpu/cpu1", "remote@/devices/system/cpu/cpu1", "add@/d", "a", "bind@/devices/pci0"}) {
      ASSERT_TRUE(kernel.says(other)) << std::strerror(errno);
      EXPECT_FALSE(is_readable((*events)->fd())) << other << " wakes the agent";
    }
    for (const char* wanted : {"add@/devices/system/cpu/cpu4", "add@/devices/system/memory/memory32",
                               "remove@/devices/system/cpu/cpu4", "remove@/devices/system/memory/memory32"}) {
      ASSERT_TRUE(kernel.says(wanted)) << std::strerror(errno);
    }
    EXPECT_TRUE(is_readable((*events)->fd()));
    const auto news = (*events)->take();
    ASSERT_EQ(news.events.size(), 4U);
    EXPECT_FALSE(news.lost_some);
    EXPECT_EQ(news.events[0].device, (HotplugDevice{Kind::kCpu, 4}));
    EXPECT_EQ(news.events[1].device, (HotplugDevice{Kind::kMemoryBlock, 32}));
    EXPECT_TRUE(news.events[1].added);
    EXPECT_FALSE(news.events[2].added);
    EXPECT_FALSE(is_readable((*events)->fd()));
    EXPECT_TRUE((*events)->take().events.empty());
  });
}

TEST(HotplugEvents, OfAnotherProcessDoNotCount) {
  support::in_own_network([] {
    auto events = watch_hotplug();
    ASSERT_TRUE(events) << events.error().text;
    ASSERT_TRUE(support::KernelNews().is_bypassed_with("add@/devices/system/cpu/cpu4", 1)) << std::strerror(errno);
    EXPECT_TRUE(is_readable((*events)->fd())) << "the forgery did not arrive, so this proves nothing";
    EXPECT_TRUE((*events)->take().events.empty());
  });
}

TEST(HotplugEvents, AreSaidToBeLostWhenTheyAreTooMany) {
  support::in_own_network([] {
    auto events = watch_hotplug();
    ASSERT_TRUE(events) << events.error().text;
    const support::KernelNews kernel;
    for (int i = 0; i < 20'000; ++i) (void)kernel.says("add@/devices/system/memory/memory" + std::to_string(i));
    const auto news = (*events)->take();
    EXPECT_TRUE(news.lost_some);
    EXPECT_GT(news.events.size(), 500U) << "a large DIMM has to fit";
    EXPECT_FALSE((*events)->take().lost_some);
  });
}

}  // namespace
}  // namespace guestd::platform
