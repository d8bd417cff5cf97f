// SPDX-License-Identifier: Apache-2.0
#include "protocol/boxed.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

namespace guestd::protocol {
namespace {

struct Chain {
  std::string name{};
  std::optional<Boxed<Chain>> next{};
};

TEST(Boxed, CopiesTheValueAndNotThePointer) {
  Boxed<std::string> first = std::string("one");
  Boxed<std::string> second = first;
  *second = "two";
  EXPECT_EQ(*first, "one");
  first = second;
  second->clear();
  EXPECT_EQ(*first, "two");
}

TEST(Boxed, ReadsAsADefaultUntilItIsGivenAValue) {
  Boxed<std::string> box;
  EXPECT_EQ(*std::as_const(box), "");
  EXPECT_FALSE(box.has_value());
  box->push_back('x');
  EXPECT_TRUE(box.has_value());
  EXPECT_EQ(*box, "x");
}

TEST(Boxed, IsEmptyAfterAMove) {
  Boxed<std::string> from = std::string("value");
  const Boxed<std::string> to = std::move(from);
  EXPECT_EQ(*to, "value");
  EXPECT_FALSE(from.has_value());  // NOLINT(bugprone-use-after-move)
}

TEST(Boxed, TakesAValueFromInsideItself) {
  Boxed<Chain> head = Chain{"head", Chain{"tail"}};
  head = **head->next;
  EXPECT_EQ(head->name, "tail");
  EXPECT_FALSE(head->next);
}

}  // namespace
}  // namespace guestd::protocol
