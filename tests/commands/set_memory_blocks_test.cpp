// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "tests/commands/command_bench.hpp"
#include "tests/support/machine_tree.hpp"

namespace guestd::commands {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Response = GuestMemoryBlockResponseType;

std::vector<GuestMemoryBlockResponse> set(CommandBench& bench,
                                          std::initializer_list<std::pair<std::uint64_t, bool>> wanted) {
  SetMemoryBlocksArgs args;
  for (const auto& [number, online] : wanted) {
    GuestMemoryBlock& block = args.mem_blks.emplace_back();
    block.phys_index = number;
    block.online = online;
  }
  auto result = set_memory_blocks(bench.context(), args);
  EXPECT_TRUE(result);
  return result ? *std::move(result) : std::vector<GuestMemoryBlockResponse>();
}

void expect(const GuestMemoryBlockResponse& response, std::uint64_t number, Response outcome,
            std::optional<std::int64_t> code) {
  EXPECT_EQ(response.phys_index, number);
  EXPECT_EQ(response.response, outcome) << number;
  EXPECT_EQ(response.error_code, code) << number;
}

TEST(SetMemoryBlocks, TellsTheOutcomeOfEachEntry) {
  const support::MachineTree machine;
  machine.add_block(0, "online");
  machine.add_block(1, "offline");
  machine.add_block(2, "offline");
  CommandBench bench(machine.root());
  bench.switches().fail("memory1", EBUSY);
  const auto responses = set(bench, {{1, true}, {9, true}, {0, false}, {2, true}});
  ASSERT_EQ(responses.size(), 4U);
  expect(responses[0], 1, Response::kOperationFailed, EBUSY);
  expect(responses[1], 9, Response::kNotFound, ENOENT);
  expect(responses[2], 0, Response::kSuccess, std::nullopt);
  expect(responses[3], 2, Response::kSuccess, std::nullopt);
  EXPECT_THAT(bench.switches().calls(), ElementsAre("memory1 on", "memory0 off", "memory2 on"));
}

TEST(SetMemoryBlocks, LeavesAloneWhatIsAsItShouldBe) {
  const support::MachineTree machine;
  machine.add_block(0, "online");
  machine.add_block(1, "offline");
  CommandBench bench(machine.root());
  const auto responses = set(bench, {{0, true}, {1, false}});
  ASSERT_EQ(responses.size(), 2U);
  expect(responses[0], 0, Response::kSuccess, std::nullopt);
  expect(responses[1], 1, Response::kSuccess, std::nullopt);
  EXPECT_THAT(bench.switches().calls(), IsEmpty());
}

TEST(SetMemoryBlocks, TakesABlockWithoutStateForOnline) {
  const support::MachineTree machine;
  machine.add_block(0, {});
  CommandBench bench(machine.root());
  const auto responses = set(bench, {{0, true}, {0, false}});
  ASSERT_EQ(responses.size(), 2U);
  expect(responses[0], 0, Response::kSuccess, std::nullopt);
  expect(responses[1], 0, Response::kOperationNotSupported, ENOENT);
}

TEST(SetMemoryBlocks, CannotDoAnythingWhereMemoryIsNotDivided) {
  const support::MachineTree machine;
  CommandBench bench(machine.root());
  const auto responses = set(bench, {{0, true}, {UINT64_MAX, false}});
  ASSERT_EQ(responses.size(), 2U);
  expect(responses[0], 0, Response::kOperationNotSupported, ENOENT);
  expect(responses[1], UINT64_MAX, Response::kOperationNotSupported, ENOENT);
  EXPECT_TRUE(set(bench, {}).empty());
}

}  // namespace
}  // namespace guestd::commands
