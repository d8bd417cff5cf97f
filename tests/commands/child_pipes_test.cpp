// SPDX-License-Identifier: Apache-2.0
#include "commands/child_pipes.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

#include "tests/support/temp_dir.hpp"

namespace guestd::commands {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ChildPipesTest : public testing::Test {
 protected:
  Result<ChildPipes> make(const ExecStart& start) { return ChildPipes::make(start, {state_, 7, 4096, budget_}); }

  support::TempDir dir_;
  std::string state_ = dir_.str();
  OutputBudget budget_{1U << 20U};
};

TEST_F(ChildPipesTest, AreThoseThatAreAskedFor) {
  const auto pipes = make({.sinks = {ChildSink::kCapture, ChildSink::kMerge}, .input_streams = true});
  ASSERT_TRUE(pipes);
  EXPECT_TRUE(pipes->outputs[0].valid() && pipes->program_outputs[0].valid() && pipes->captured[0]);
  EXPECT_FALSE(pipes->outputs[1].valid() || pipes->program_outputs[1].valid() || pipes->captured[1]);
  ASSERT_TRUE(pipes->input.valid() && pipes->program_input.valid());
  ASSERT_EQ(::write(pipes->input.get(), "x", 1), 1);
  char got = 0;
  EXPECT_EQ(::read(pipes->program_input.get(), &got, 1), 1);
  EXPECT_EQ(pipes->spool, 0U);
}

TEST_F(ChildPipesTest, AreNoneForWhoWantsNothing) {
  const auto pipes = make({});
  ASSERT_TRUE(pipes);
  EXPECT_FALSE(pipes->outputs[0].valid() || pipes->outputs[1].valid() || pipes->input.valid());
}

TEST_F(ChildPipesTest, OfATerminalAreItsTwoEnds) {
  ExecStart start;
  start.terminal = {24, 80};
  const auto pipes = make(start);
  ASSERT_TRUE(pipes);
  EXPECT_TRUE(::isatty(pipes->program_input.get()) == 1 && pipes->outputs[0].valid() && pipes->input.valid());
  EXPECT_TRUE(pipes->captured[0] && !pipes->captured[1]);
}

TEST_F(ChildPipesTest, OfProgramsThatOutliveTheAgentAreFiles) {
  const auto pipes = make({.sinks = {ChildSink::kSpool, ChildSink::kSpool}});
  ASSERT_TRUE(pipes);
  EXPECT_EQ(pipes->spool, 7U);
  EXPECT_THAT(pipes->spool_paths, ElementsAre(dir_ / "guestd-exec/7.out", dir_ / "guestd-exec/7.err"));
  ASSERT_EQ(::write(pipes->program_outputs[1].get(), "abc", 3), 3);
  EXPECT_EQ(dir_.read("guestd-exec/7.err"), "abc");
  pipes->remove_spools();
  EXPECT_TRUE(std::filesystem::is_empty(dir_ / "guestd-exec"));
}

TEST_F(ChildPipesTest, LeaveNoFileBehindWhenTheSecondCannotBeMade) {
  std::filesystem::create_directories(dir_ / "guestd-exec/7.err");
  const auto pipes = make({.sinks = {ChildSink::kSpool, ChildSink::kSpool}});
  ASSERT_FALSE(pipes);
  EXPECT_THAT(pipes.error().text, HasSubstr("7.err"));
  EXPECT_FALSE(std::filesystem::exists(dir_ / "guestd-exec/7.out"));
}

TEST_F(ChildPipesTest, SayWhichFolderCannotBeMade) {
  state_ = dir_ / "missing";
  const auto pipes = make({.sinks = {ChildSink::kSpool, ChildSink::kNone}});
  ASSERT_FALSE(pipes);
  EXPECT_THAT(pipes.error().text, HasSubstr("cannot make " + dir_ / "missing/guestd-exec"));
}

}  // namespace
}  // namespace guestd::commands
