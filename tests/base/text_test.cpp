// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace guestd {
namespace {

TEST(Excerpt, LeavesShortTextAlone) { EXPECT_EQ(excerpt("guest-ping", 10), "guest-ping"); }

TEST(Excerpt, CutsLongTextAndSaysSo) { EXPECT_EQ(excerpt("guest-ping-pong", 10), "guest-p..."); }

TEST(Excerpt, NeverCutsACharacterInTwo) {
  EXPECT_EQ(excerpt("abcdef\xC3\xA9\xC3\xA9\xC3\xA9", 10), "abcdef...");
  EXPECT_EQ(excerpt("abcde\xF0\x9F\x98\x80zzzz", 11), "abcde...");
}

}  // namespace
}  // namespace guestd
