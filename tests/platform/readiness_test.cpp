// SPDX-License-Identifier: Apache-2.0
#include "platform/readiness.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <thread>

namespace guestd::platform {
namespace {

using namespace std::chrono_literals;

class ReadinessTest : public testing::Test {
 protected:
  ReadinessTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    read_end_.reset(ends[0]);
    write_end_.reset(ends[1]);
  }

  std::unique_ptr<Readiness> readiness_ = *Readiness::create();
  UniqueFd read_end_;
  UniqueFd write_end_;
};

TEST_F(ReadinessTest, TellsWhatIsReadyByItsToken) {
  ASSERT_TRUE(readiness_->add(read_end_.get(), 42, {.read = true}));
  ASSERT_TRUE(readiness_->add(write_end_.get(), 43, {.write = true}));
  auto events = readiness_->wait(10s);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].token, 43U);
  EXPECT_TRUE(events[0].writable);
  readiness_->remove(write_end_.get());
  ASSERT_EQ(::write(write_end_.get(), "x", 1), 1);
  events = readiness_->wait(10s);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].token, 42U);
  EXPECT_TRUE(events[0].readable);
}

TEST_F(ReadinessTest, TellsAnEndAsSomethingToRead) {
  ASSERT_TRUE(readiness_->add(read_end_.get(), 1, {.read = true}));
  write_end_.reset();
  const auto events = readiness_->wait(10s);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(events[0].readable);
}

TEST_F(ReadinessTest, IsWokenFromAnotherThreadAndBeforehand) {
  std::thread other([this] { readiness_->wake(); });
  EXPECT_TRUE(readiness_->wait(std::nullopt).empty());
  other.join();
  readiness_->wake();
  readiness_->wake();
  EXPECT_TRUE(readiness_->wait(std::nullopt).empty());
  EXPECT_TRUE(readiness_->wait(1ms).empty()) << "both were one";
}

TEST_F(ReadinessTest, DoesNotWatchAFile) {
  char name[] = "/tmp/guestd-test.XXXXXX";
  const UniqueFd file(::mkstemp(name));
  ::unlink(name);
  EXPECT_FALSE(readiness_->add(file.get(), 1, {.read = true}));
}

}  // namespace
}  // namespace guestd::platform
