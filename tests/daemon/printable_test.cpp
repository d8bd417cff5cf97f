// SPDX-License-Identifier: Apache-2.0
#include "daemon/printable.hpp"

#include <gtest/gtest.h>

#include <string>

namespace guestd::daemon {
namespace {

TEST(Printable, ReplacesWhatATerminalObeysAndWhatTurnsTheText) {
  EXPECT_EQ(printable("caf\xc3\xa9 \xe2\x82\xac"), "caf\xc3\xa9 \xe2\x82\xac");
  EXPECT_EQ(printable(std::string("a\0b\x1b\n\t\x7f", 7)), "a?b????");
  EXPECT_EQ(printable("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0"), "???\xc2\xa0");
  for (const std::string text :
       {"\xe2\x80\xaa", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa9", "\xe2\x80\xa8", "\xe2\x80\x8f", "\xd8\x9c"}) {
    EXPECT_EQ(printable("a" + text + "b"), "a?b");
  }
  EXPECT_EQ(printable("\xff\x9b[2J\xe2\x80"), "??[2J??");
}

TEST(EndsOf, LeavesBothEndsOfWhatIsTooLong) {
  EXPECT_EQ(ends_of("0123456789", 10), "0123456789");
  EXPECT_EQ(ends_of("0123456789ab", 10), "01234...(2 bytes)...789ab");
  EXPECT_EQ(ends_of("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 8), "\xe2\x82\xac...(6 bytes)...\xe2\x82\xac");
}

TEST(WithoutEmptySteps, LeavesOnlyWhatMeansSomething) {
  EXPECT_EQ(without_empty_steps("/././//./etc//shadow"), "/etc/shadow");
  EXPECT_EQ(without_empty_steps("/etc/../x/."), "/etc/../x/.");
  EXPECT_EQ(without_empty_steps("//"), "/");
  EXPECT_EQ(without_empty_steps("https://x/./y"), "https://x/./y");
  EXPECT_EQ(without_empty_steps("/a./.b/"), "/a./.b/");
  EXPECT_EQ(without_empty_steps(""), "");
}

}  // namespace
}  // namespace guestd::daemon
