// SPDX-License-Identifier: Apache-2.0
#include "platform/hotplug.hpp"

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <thread>

#include "base/unique_fd.hpp"
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

/// The kernel spreads a message that a process with the right to it gives it (since Linux 4.18), within that process's
/// network namespace. So the thread gets one of its own, and nobody else on this machine hears anything.
class Kernel {
 public:
  static bool enter_namespace() { return ::unshare(CLONE_NEWNET) == 0; }

  Kernel() : socket_(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT)) {}

  [[nodiscard]] bool says(const std::string& header) const { return send(header, 0, 0); }
  /// Straight to another socket or to its group, past the kernel.
  [[nodiscard]] bool is_bypassed_with(const std::string& header, std::uint32_t group) const {
    return send(header, 0, group);
  }

 private:
  [[nodiscard]] bool send(const std::string& header, std::uint32_t port, std::uint32_t groups) const {
    const std::string text = header + std::string("\0ACTION=x\0", 10);
    nlmsghdr head{};
    head.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(text.size()));
    head.nlmsg_flags = NLM_F_REQUEST;
    std::string packet(reinterpret_cast<const char*>(&head), sizeof head);
    if (groups != 0) packet.clear();
    packet += text;
    sockaddr_nl to{};
    to.nl_family = AF_NETLINK;
    to.nl_pid = port;
    to.nl_groups = groups;
    const auto sent =
        ::sendto(socket_.get(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    return sent == static_cast<ssize_t>(packet.size());
  }

  UniqueFd socket_;
};

bool is_readable(int fd) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, 0) == 1;
}

/// Runs `test` in a network namespace of its own; skips where that is not allowed.
template <typename Body>
void in_own_namespace(Body test) {
  bool entered = false;
  std::thread thread([&] {
    entered = Kernel::enter_namespace();
    if (entered) test();
  });
  thread.join();
  if (!entered) GTEST_SKIP() << "no right to a network namespace";
}

// Messages to a group are delivered before sendto() returns, so "nothing is there" needs no wait.
TEST(HotplugEvents, BringCpusAndBlocksAndNothingElse) {
  in_own_namespace([] {
    auto events = watch_hotplug();
    ASSERT_TRUE(events) << events.error().text;
    const Kernel kernel;
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
  in_own_namespace([] {
    auto events = watch_hotplug();
    ASSERT_TRUE(events) << events.error().text;
    ASSERT_TRUE(Kernel().is_bypassed_with("add@/devices/system/cpu/cpu4", 1)) << std::strerror(errno);
    EXPECT_TRUE(is_readable((*events)->fd())) << "the forgery did not arrive, so this proves nothing";
    EXPECT_TRUE((*events)->take().events.empty());
  });
}

TEST(HotplugEvents, AreSaidToBeLostWhenTheyAreTooMany) {
  in_own_namespace([] {
    auto events = watch_hotplug();
    ASSERT_TRUE(events) << events.error().text;
    const Kernel kernel;
    for (int i = 0; i < 20'000; ++i) (void)kernel.says("add@/devices/system/memory/memory" + std::to_string(i));
    const auto news = (*events)->take();
    EXPECT_TRUE(news.lost_some);
    EXPECT_GT(news.events.size(), 500U) << "a large DIMM has to fit";
    EXPECT_FALSE((*events)->take().lost_some);
  });
}

}  // namespace
}  // namespace guestd::platform
