// SPDX-License-Identifier: Apache-2.0
#include "commands/handle_numbers.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/commands/command_bench.hpp"

namespace guestd::commands {
namespace {

TEST(ParseHandleState, TakesTheCounterOfItsGroup) {
  EXPECT_EQ(*parse_handle_state("[global]\nfd_counter=1234\n"), 1234);
  EXPECT_EQ(*parse_handle_state("# comment\n\n[other]\nfd_counter=7000\n[global]\n fd_counter = 5000 \r\nx=y"), 5000);
  EXPECT_EQ(*parse_handle_state("[global]\nfd_counter=2000\nfd_counter=3000"), 3000);
  EXPECT_EQ(*parse_handle_state("[global]\nfd_counter=123456789012"), 123456789012);
}

TEST(ParseHandleState, BeginsWithTheFirstHandleWhereTheValueIsOdd) {
  EXPECT_EQ(*parse_handle_state(""), 1000);
  EXPECT_EQ(*parse_handle_state("[global]\n"), 1000);
  for (const char* value : {"", "x", "12x", "-5", "999", "1e9", "99999999999999999999", "9223372036854775807"}) {
    EXPECT_EQ(*parse_handle_state("[global]\nfd_counter=" + std::string(value)), 1000) << value;
  }
}

TEST(ParseHandleState, RefusesWhatIsNoKeyFile) {
  EXPECT_FALSE(parse_handle_state("rubbish"));
  EXPECT_FALSE(parse_handle_state("fd_counter=1234\n"));
  EXPECT_FALSE(parse_handle_state("[global]\nrubbish\n"));
  EXPECT_FALSE(parse_handle_state("[global\nfd_counter=1\n"));
  EXPECT_FALSE(parse_handle_state("[global]\n=1\n"));
  EXPECT_FALSE(parse_handle_state("[]\n"));
}

TEST(HandleNumbers, WriteNothingBeforeTheFirstIsTaken) {
  const support::TempDir dir;
  auto numbers = HandleNumbers::load(dir.str());
  ASSERT_TRUE(numbers);
  ASSERT_TRUE(numbers->release_block());
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST(HandleNumbers, AreWrittenAheadInBlocks) {
  const support::TempDir dir;
  auto numbers = *HandleNumbers::load(dir.str());
  EXPECT_EQ(*numbers.take(), 1000);
  EXPECT_EQ(dir.read("qga.state"), "[global]\nfd_counter=1064\n");
  for (int i = 1; i < 64; ++i) ASSERT_TRUE(numbers.take());
  EXPECT_EQ(dir.read("qga.state"), "[global]\nfd_counter=1064\n");
  EXPECT_EQ(*numbers.take(), 1064);
  EXPECT_EQ(dir.read("qga.state"), "[global]\nfd_counter=1128\n");
}

TEST(HandleNumbers, AreNotUsedAgainAfterACrash) {
  const support::TempDir dir;
  EXPECT_EQ(*HandleNumbers::load(dir.str())->take(), 1000);
  EXPECT_EQ(*HandleNumbers::load(dir.str())->take(), 1064);
}

TEST(HandleNumbers, GoOnWithoutAGapAfterAnEndInGoodOrder) {
  const support::TempDir dir;
  auto numbers = *HandleNumbers::load(dir.str());
  ASSERT_TRUE(numbers.take());
  ASSERT_TRUE(numbers.release_block());
  EXPECT_EQ(dir.read("qga.state"), "[global]\nfd_counter=1001\n");
  EXPECT_EQ(*HandleNumbers::load(dir.str())->take(), 1001);
}

TEST(HandleNumbers, AreRefusedWhenTheyCannotBeRemembered) {
  const support::TempDir dir;
  auto numbers = *HandleNumbers::load(dir.str());
  std::filesystem::remove_all(dir.path());
  const auto number = numbers.take();
  ASSERT_FALSE(number);
  EXPECT_EQ(number.error().text, "failed to commit persistent state to disk");
  std::filesystem::create_directory(dir.path());
  EXPECT_EQ(*numbers.take(), 1000);
}

TEST(HandleNumbers, NameTheFileThatStopsTheStart) {
  const support::TempDir dir;
  dir.write("qga.state", "rubbish");
  const auto unparsable = HandleNumbers::load(dir.str());
  ASSERT_FALSE(unparsable);
  EXPECT_EQ(unparsable.error().text,
            "failed to load persistent state: " + dir / "qga.state" + ": line 1 is not understood");
  const auto missing = HandleNumbers::load(dir / "missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().text,
            "failed to write persistent state to " + dir / "missing/qga.state" + ": No such file or directory");
  std::filesystem::create_directories(dir / "folder/qga.state");
  const auto folder = HandleNumbers::load(dir / "folder");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().text,
            "unable to access state file at path " + dir / "folder/qga.state" + ": Is a directory");
}

}  // namespace
}  // namespace guestd::commands
