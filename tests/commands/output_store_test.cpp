// SPDX-License-Identifier: Apache-2.0
#include "commands/output_store.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <string>

namespace guestd::commands {
namespace {

constexpr std::size_t kMuch = std::size_t{64} << 20U;

std::string numbered(std::size_t size) {
  std::string text;
  for (std::size_t number = 0; text.size() < size; ++number) text += std::to_string(number) + " ";
  text.resize(size);
  return text;
}

class OutputStoreTest : public testing::Test {
 protected:
  OutputBudget budget_{kMuch};
};

TEST_F(OutputStoreTest, KeepsWhatWasWrittenAndReadsItFromAnyOffset) {
  OutputStore store(1 << 20U, WhenFull::kDropOldest, budget_);
  const std::string text = numbered(700'000);
  for (std::size_t at = 0; at < text.size(); at += 1777) store.append(std::string_view(text).substr(at, 1777));
  EXPECT_EQ(store.begin(), 0U);
  EXPECT_EQ(store.end(), text.size());
  EXPECT_EQ(store.read(0, kMuch)->str(), text);
  EXPECT_EQ(store.read(300'001, 5)->str(), text.substr(300'001, 5));
  EXPECT_EQ(store.read(text.size(), 5)->str(), "");
  for (const std::size_t at : {4095U, 4096U, 4097U, 12287U, 12288U})
    EXPECT_EQ(store.read(at, 3)->str(), text.substr(at, 3));
}

TEST_F(OutputStoreTest, WhatWasReadStaysWhenItIsDropped) {
  const std::string text = numbered(100'000);
  OutputBytes bytes;
  {
    OutputStore store(100'000, WhenFull::kDropOldest, budget_);
    store.append(text);
    bytes = *store.read(1, 60'000);
    store.append(std::string(100'000, 'x'));
  }
  EXPECT_EQ(bytes.size(), 60'000U);
  std::string piece(7'000, '\0');
  std::string all;
  while (const std::size_t count = bytes.take(std::as_writable_bytes(std::span(piece)))) all.append(piece, 0, count);
  EXPECT_EQ(all, text.substr(1, 60'000));
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(budget_.used(), 0U);
}

TEST_F(OutputStoreTest, DropsTheOldestBeyondItsLimitAndTellsWhatIsLeft) {
  OutputStore store(100'000, WhenFull::kDropOldest, budget_);
  const std::string text = numbered(1'000'000);
  for (std::size_t at = 0; at < text.size(); at += 3333) store.append(std::string_view(text).substr(at, 3333));
  EXPECT_EQ(store.begin(), 900'000U);
  EXPECT_EQ(store.end(), 1'000'000U);
  EXPECT_EQ(store.read(900'000, kMuch)->str(), text.substr(900'000));
  EXPECT_LT(budget_.used(), 700'000U);
}

TEST_F(OutputStoreTest, DropsTheNewestToTheByteAndCountsIt) {
  OutputStore store(100'000, WhenFull::kDropNewest, budget_);
  const std::string text = numbered(100'007);
  store.append(std::string_view(text).substr(0, 99'999));
  store.append(std::string_view(text).substr(99'999));
  store.append("behind the gap");
  EXPECT_EQ(store.read(0, kMuch)->str(), text.substr(0, 100'000));
  EXPECT_EQ(store.end(), 100'000U);
  EXPECT_EQ(store.written(), 100'007U + 14U);
}

TEST_F(OutputStoreTest, HasRoomAgainForWhatWaitsOnceItWasReleased) {
  OutputStore store(10'000, WhenFull::kWait, budget_);
  store.append(std::string(10'000, 'a'));
  EXPECT_EQ(store.room(), 0U);
  store.release(4'000);
  EXPECT_EQ(store.room(), 4'000U);
  EXPECT_EQ(store.begin(), 4'000U);
  store.append(std::string(4'000, 'b'));
  EXPECT_EQ(store.read(9'999, 3)->str(), "abb");
}

TEST_F(OutputStoreTest, GivesItsMemoryBack) {
  {
    OutputStore store(1 << 20U, WhenFull::kDropOldest, budget_);
    store.append(std::string(500'000, 'x'));
    EXPECT_GE(budget_.used(), 500'000U);
  }
  EXPECT_EQ(budget_.used(), 0U);
}

TEST(OutputBudget, BoundsAllTogetherAndNothingIsLostInSilence) {
  OutputBudget budget(600'000);
  OutputStore first(1 << 20U, WhenFull::kDropNewest, budget);
  OutputStore second(1 << 20U, WhenFull::kDropOldest, budget);
  first.append(std::string(900'000, 'a'));
  EXPECT_LT(first.end(), 600'001U);
  EXPECT_EQ(first.written(), 900'000U);
  // Nothing left for the second: what it cannot keep counts as dropped.
  second.append(std::string(900'000, 'b'));
  EXPECT_EQ(second.end(), 900'000U);
  EXPECT_GT(second.begin(), 0U);
  EXPECT_LE(budget.used(), 600'000U);
}

TEST(OutputBudget, LetsAProgramThatWaitsHaveALittleInAnyCase) {
  OutputBudget budget(4096);
  OutputStore full(1 << 20U, WhenFull::kDropNewest, budget);
  full.append(std::string(4096, 'a'));
  OutputStore waiting(8192, WhenFull::kWait, budget);
  waiting.append(std::string(8192, 'b'));
  EXPECT_EQ(waiting.read(0, 8192)->str(), std::string(8192, 'b'));
}

}  // namespace
}  // namespace guestd::commands
