// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace guestd {
namespace {

Result<std::unique_ptr<int>> make(bool good) {
  if (!good) return Error::from_errno("cannot make it", ENOENT);
  return std::make_unique<int>(7);
}

TEST(Result, CarriesAValueThatCanOnlyBeMoved) {
  auto made = make(true);
  ASSERT_TRUE(made);
  const std::unique_ptr<int> value = std::move(*made);
  EXPECT_EQ(*value, 7);
}

TEST(Result, CarriesTheErrorOfASystemCallWithItsNumber) {
  const auto made = make(false);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().text, "cannot make it: No such file or directory");
  EXPECT_EQ(made.error().errno_value, ENOENT);
  EXPECT_EQ(made.error().kind, Error::Kind::kGeneric);
}

TEST(Result, OfNothingIsGoodByDefault) {
  const Result<void> good;
  EXPECT_TRUE(good);
  const Result<void> bad = Error::unsupported("not here");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind, Error::Kind::kUnsupported);
}

TEST(Error, GathersContextOnItsWayUp) {
  const Error error = Error::from_errno("open", EACCES).with_context("state file");
  EXPECT_EQ(error.text, "state file: open: Permission denied");
  EXPECT_EQ(error.errno_value, EACCES);
}

}  // namespace
}  // namespace guestd
