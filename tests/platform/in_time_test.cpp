// SPDX-License-Identifier: Apache-2.0
#include "platform/in_time.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace guestd::platform {
namespace {

using namespace std::chrono_literals;

// What else it does is tried through its users, in file_system_usage_test.cpp.

TEST(InTime, AsksInTheOrderOfTheQuestions) {
  InTime in_time({20s, 20s, 1, false});
  const auto order = std::make_shared<std::vector<int>>();
  std::vector<InTime::Question> questions;
  for (int number = 0; number < 50; ++number) {
    questions.push_back({std::to_string(number), [order, number] { order->push_back(number); }});
  }
  EXPECT_EQ(in_time.ask(std::move(questions)), std::vector<bool>(50, true));
  EXPECT_EQ(order->size(), 50U);
  EXPECT_TRUE(std::is_sorted(order->begin(), order->end()));
}

TEST(InTime, HasNothingToDoWithoutQuestions) { EXPECT_TRUE(InTime().ask({}).empty()); }

TEST(InTime, AsksOnTheCallersThreadIfItMustAndThereIsNoOther) {
  const auto asker = std::make_shared<std::thread::id>();
  const auto ask = [&](InTime& in_time) -> bool {
    *asker = {};
    return in_time.ask({{"it", [asker] { *asker = std::this_thread::get_id(); }}}).front();
  };
  InTime may({50ms, 10ms, 0, false});
  EXPECT_FALSE(ask(may));
  EXPECT_EQ(*asker, std::thread::id());
  InTime must({50ms, 10ms, 0, true});
  EXPECT_TRUE(ask(must));
  EXPECT_EQ(*asker, std::this_thread::get_id());
}

}  // namespace
}  // namespace guestd::platform
