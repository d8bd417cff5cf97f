// SPDX-License-Identifier: Apache-2.0
#include "platform/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace guestd::platform {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Not;
using testing::StartsWith;

TEST(Environment, IsTheAgentsWithoutWhatIsMeantForTheAgentAlone) {
  ::setenv("LISTEN_FDS", "1", 1);
  ::setenv("GUESTD_A", "agent", 1);
  ::setenv("GUESTD_B", "agent", 1);
  const auto all = child_environment({"GUESTD_B=own", "GUESTD_C=own"});
  ::unsetenv("LISTEN_FDS");
  EXPECT_THAT(all, AllOf(Contains("GUESTD_A=agent"), Contains("GUESTD_B=own"), Contains("GUESTD_C=own")));
  EXPECT_THAT(all, AllOf(Not(Contains("GUESTD_B=agent")), Not(Contains(StartsWith("LISTEN_FDS")))));
}

TEST(Environment, FindsAVariableByItsWholeName) {
  const std::vector<std::string> all{"PATHS=no", "XPATH=no", "PATH=/bin", "EMPTY="};
  EXPECT_STREQ(find_variable(all, "PATH"), "/bin");
  EXPECT_STREQ(find_variable(all, "EMPTY"), "");
  EXPECT_EQ(find_variable(all, "PAT"), nullptr);
  EXPECT_EQ(variable_name("A=b=c"), "A");
  EXPECT_EQ(variable_name("A"), "A");
}

}  // namespace
}  // namespace guestd::platform
