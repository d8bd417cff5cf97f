// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "platform/process_scope.hpp"
#include "tests/support/fake_bus_peer.hpp"
#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

using support::FakeBusPeer;
using testing::ElementsAre;

/// What was asked of systemd.
struct Asked {
  std::string unit;
  std::string mode;
  std::string description;
  std::string collect;
  bool is_delegated = false;
  std::vector<std::uint32_t> pids;
};

int read_pids(sd_bus_message* request, std::vector<std::uint32_t>& pids) {
  const void* list = nullptr;
  std::size_t size = 0;
  const int result = sd_bus_message_read_array(request, 'u', &list, &size);
  const auto* numbers = static_cast<const std::uint32_t*>(list);
  pids.assign(numbers, numbers + size / sizeof *numbers);
  return result;
}

int read_start(sd_bus_message* request, Asked& asked) {
  const char* unit = nullptr;
  const char* mode = nullptr;
  int result = sd_bus_message_read(request, "ss", &unit, &mode);
  if (result < 0) return result;
  asked.unit = unit;
  asked.mode = mode;
  sd_bus_message_enter_container(request, 'a', "(sv)");
  while (sd_bus_message_enter_container(request, 'r', "sv") > 0) {
    const char* name = nullptr;
    const char* text = nullptr;
    sd_bus_message_read(request, "s", &name);
    if (std::string(name) == "DelegateControllers") {
      sd_bus_message_skip(request, "v");
      asked.is_delegated = true;
      sd_bus_message_exit_container(request);
      continue;
    }
    const bool is_pids = std::string(name) == "PIDs";
    sd_bus_message_enter_container(request, 'v', is_pids ? "au" : "s");
    if (is_pids) {
      read_pids(request, asked.pids);
    } else {
      sd_bus_message_read(request, "s", &text);
      (std::string(name) == "Description" ? asked.description : asked.collect) = text;
    }
    sd_bus_message_exit_container(request);
    sd_bus_message_exit_container(request);
  }
  sd_bus_message_exit_container(request);
  result = sd_bus_message_skip(request, "a(sa(sv))");
  return result < 0 ? result : sd_bus_reply_method_return(request, "o", "/org/freedesktop/systemd1/job/1");
}

class ScopeBySystemd : public testing::Test {
 protected:
  void SetUp() override {
    machine_.dir().write("proc/self/cgroup", "1:name=systemd:/other\n0::/system.slice/guestd.service\n");
    set_processes("5\n100\n101\n");
    add(5, 1, 5);
    add(100, 5, 100);
    add(101, 100, 100);
    systemd_.on("StartTransientUnit", [this](sd_bus_message* request) { return start(request); });
    systemd_.on("AttachProcessesToUnit", [this](sd_bus_message* request) { return attach(request); });
  }
  int start(sd_bus_message* request) {
    machine_.dir().write("proc/100/cgroup", "1:name=systemd:/other\n0::/system.slice/a.scope\n");
    return read_start(request, asked_);
  }
  int attach(sd_bus_message* request) {
    std::vector<std::uint32_t> pids;
    sd_bus_message_skip(request, "ss");
    const int result = read_pids(request, pids);
    if (result < 0) return result;
    for (const std::uint32_t pid : pids) {
      if (ended_.contains(pid)) return sd_bus_reply_method_errorf(request, "org.example.NoSuchProcess", "it is gone");
    }
    attached_.insert(attached_.end(), pids.begin(), pids.end());
    return sd_bus_reply_method_return(request, nullptr);
  }
  void set_processes(const std::string& pids) {
    machine_.dir().write("sys/fs/cgroup/system.slice/guestd.service/cgroup.procs", pids);
  }
  void add(int pid, int parent, int session) {
    machine_.dir().write(
        "proc/" + std::to_string(pid) + "/stat",
        std::to_string(pid) + " (x) S " + std::to_string(parent) + " 1 " + std::to_string(session) + " 0");
  }

  support::FixtureRoot machine_;
  FakeBusPeer systemd_;
  std::unique_ptr<SystemBus> bus_ = systemd_.bus();
  Asked asked_;
  std::vector<std::uint32_t> attached_;
  std::set<std::uint32_t> ended_;
};

TEST_F(ScopeBySystemd, HoldsTheProgramAndWhatItHasStarted) {
  const auto made = make_process_scope(*bus_, machine_.root(), {"a.scope", "Started by the host: x", 100});
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(asked_.unit, "a.scope");
  EXPECT_EQ(asked_.mode, "fail");
  EXPECT_EQ(asked_.description, "Started by the host: x");
  EXPECT_EQ(asked_.collect, "inactive-or-failed");
  EXPECT_TRUE(asked_.is_delegated) << "systemd moves no others into a unit that is not";
  EXPECT_THAT(asked_.pids, ElementsAre(100U)) << "one that ends at this moment would let the whole scope fail";
  EXPECT_THAT(attached_, ElementsAre(101U)) << "and not the agent";
}

TEST_F(ScopeBySystemd, FetchesThoseThatWereStartedMeanwhile) {
  systemd_.on("StartTransientUnit", [this](sd_bus_message* request) {
    add(102, 101, 100);  // in the session of the leader
    set_processes("5\n102\n");
    return start(request);
  });
  ASSERT_TRUE(make_process_scope(*bus_, machine_.root(), {"a.scope", "x", 100}));
  EXPECT_THAT(attached_, ElementsAre(102U));
}

TEST_F(ScopeBySystemd, OneThatEndsMeanwhileKeepsNoOtherOut) {
  add(102, 101, 100);
  set_processes("5\n100\n101\n102\n");
  ended_ = {101};
  ASSERT_TRUE(make_process_scope(*bus_, machine_.root(), {"a.scope", "x", 100}));
  EXPECT_THAT(attached_, ElementsAre(102U));
}

TEST_F(ScopeBySystemd, IsNotThereWhenTheProgramEndsBeforeItIsMoved) {
  systemd_.on("StartTransientUnit", [this](sd_bus_message* request) {
    std::filesystem::remove_all(machine_.dir() / "proc/100");
    return read_start(request, asked_);
  });
  const auto made = make_process_scope(*bus_, machine_.root(), {"a.scope", "x", 100});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().text, "PID 100 has ended before it was in a.scope");
}

TEST_F(ScopeBySystemd, IsNotThereWhenSystemdRefuses) {
  systemd_.on_error("StartTransientUnit", "org.freedesktop.systemd1.UnitExists", "it is there");
  const auto made = make_process_scope(*bus_, machine_.root(), {"a.scope", "x", 100});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().text, "org.freedesktop.systemd1.Manager.StartTransientUnit: it is there");
}

TEST_F(ScopeBySystemd, IsSignalledAsAWhole) {
  std::string unit;
  std::string who;
  std::int32_t number = 0;
  systemd_.on("KillUnit", [&](sd_bus_message* request) {
    const char* first = nullptr;
    const char* second = nullptr;
    sd_bus_message_read(request, "ssi", &first, &second, &number);
    unit = first;
    who = second;
    return sd_bus_reply_method_return(request, nullptr);
  });
  EXPECT_TRUE(signal_process_scope(*bus_, "a.scope", SIGKILL));
  EXPECT_EQ(unit, "a.scope");
  EXPECT_EQ(who, "all");
  EXPECT_EQ(number, SIGKILL);
}

}  // namespace
}  // namespace guestd::platform
