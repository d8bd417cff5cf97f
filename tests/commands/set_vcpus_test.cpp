// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <utility>

#include "tests/commands/command_bench.hpp"
#include "tests/support/machine_tree.hpp"

namespace guestd::commands {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// CPU 0 cannot be switched, 1 is online, 2 is not, and there are no others.
class SetVcpus : public testing::Test {
 protected:
  SetVcpus() : bench_(machine().root()) {}

  Result<SetVcpusResult> set(std::initializer_list<std::pair<std::int64_t, bool>> wanted) {
    SetVcpusArgs args;
    for (const auto& [number, online] : wanted) {
      GuestLogicalProcessor& processor = args.vcpus.emplace_back();
      processor.logical_id = number;
      processor.online = online;
    }
    return set_vcpus(bench_.context(), args);
  }
  const support::MachineTree& machine() {
    machine_.add_cpu(0, {});
    machine_.add_cpu(1, true);
    machine_.add_cpu(2, false);
    return machine_;
  }

  support::MachineTree machine_;
  CommandBench bench_;
};

TEST_F(SetVcpus, SwitchesInTheOrderOfTheList) {
  EXPECT_EQ(*set({{2, true}, {1, false}}), 2);
  EXPECT_THAT(bench_.switches().calls(), ElementsAre("cpu2 on", "cpu1 off"));
}

TEST_F(SetVcpus, LeavesAloneWhatIsAsItShouldBe) {
  EXPECT_EQ(*set({{0, true}, {1, true}, {2, false}}), 3);
  EXPECT_THAT(bench_.switches().calls(), IsEmpty());
}

TEST_F(SetVcpus, DoesNothingForAnEmptyList) {
  EXPECT_EQ(*set({}), 0);
  EXPECT_THAT(bench_.switches().calls(), IsEmpty());
}

TEST_F(SetVcpus, StopsAtTheFirstFailureAndCountsWhatWasDone) {
  bench_.switches().fail("cpu2", EBUSY);
  EXPECT_EQ(*set({{1, false}, {2, true}, {1, true}}), 1);
  EXPECT_THAT(bench_.switches().calls(), ElementsAre("cpu1 off", "cpu2 on"));
}

TEST_F(SetVcpus, TellsTheErrorOfTheFirstEntryOnly) {
  bench_.switches().fail("cpu1", EBUSY);
  const auto failed = set({{1, false}, {2, true}});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().text, "switching cpu1: Device or resource busy");
  EXPECT_THAT(bench_.switches().calls(), ElementsAre("cpu1 off"));
}

TEST_F(SetVcpus, RefusesToTakeAwayACpuThatCannotBeSwitched) {
  const auto refused = set({{0, false}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text, "logical processor #0 can't be offlined");
}

TEST_F(SetVcpus, NamesACpuThatIsNotThere) {
  for (const std::int64_t number : {std::int64_t{7}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    const auto missing = set({{number, true}});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().text,
              "open(\"/sys/devices/system/cpu/cpu" + std::to_string(number) + "/\"): No such file or directory");
  }
  EXPECT_EQ(*set({{2, true}, {7, true}}), 1);
}

}  // namespace
}  // namespace guestd::commands
