// SPDX-License-Identifier: Apache-2.0
#include "platform/process_scope.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fixture_root.hpp"

namespace guestd::platform {
namespace {

using testing::ElementsAre;

TEST(ProcessKin, IsReadFromTheStatOfAProcess) {
  const auto kin = parse_process_kin("42 (odd ) name) S 7 40 41 0 -1");
  ASSERT_TRUE(kin);
  EXPECT_EQ(kin->pid, 42);
  EXPECT_EQ(kin->parent, 7);
  EXPECT_EQ(kin->session, 41);
  for (const char* wrong : {"", "42", "42 (x", "x (y) S 1 2 3", "42 (x) S a 2 3", "42 (x) S 1 2", "42 (x) S 1 2 -3"}) {
    EXPECT_FALSE(parse_process_kin(wrong)) << wrong;
  }
}

TEST(ProcessKin, AreTheSessionAndAllDescendants) {
  const std::vector<ProcessKin> all{{1, 0, 1},    {10, 1, 10}, {11, 10, 10}, {12, 11, 12},
                                    {13, 12, 12}, {14, 1, 10}, {20, 1, 20},  {21, 20, 20}};
  EXPECT_THAT(kin_of(10, all), ElementsAre(10U, 11U, 12U, 13U, 14U));
  EXPECT_THAT(kin_of(99, all), ElementsAre(99U));
}

TEST(ProcessScope, NeedsSystemd) {
  const support::FixtureRoot machine;
  EXPECT_FALSE(has_systemd(machine.root()));
  machine.dir().write("run/systemd/system/x", "");
  EXPECT_TRUE(has_systemd(machine.root()));
  const auto bus = no_system_bus("there is none");
  EXPECT_EQ(make_process_scope(*bus, machine.root(), {"a.scope", "", 1}).error().kind, Error::Kind::kUnsupported);
  EXPECT_FALSE(signal_process_scope(*bus, "a.scope", 9));
}

}  // namespace
}  // namespace guestd::platform
