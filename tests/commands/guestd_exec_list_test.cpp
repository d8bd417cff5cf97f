// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "tests/commands/exec_bench.hpp"

namespace guestd::commands {
namespace {

class GuestdExecList : public ExecTest {
 protected:
  GuestdExecListResult list() {
    auto result = guestd_exec_list(bench_.context());
    EXPECT_TRUE(result);
    return result ? *std::move(result) : GuestdExecListResult{};
  }
};

TEST_F(GuestdExecList, IsEmptyAtFirst) { EXPECT_TRUE(list().empty()); }

TEST_F(GuestdExecList, TellsOfAllThatWasNotCollected) {
  auto args = sh("sleep 1000");
  args.stdout_ = GuestdExecOutput::kNone;
  const auto first = start(args);
  const auto second = start(sh("printf hello; exit 2"));
  (void)follow(second);
  auto all = list();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].pid, first);
  EXPECT_EQ(all[0].path, "/bin/sh");
  EXPECT_EQ(all[0].started_ns, support::kFixtureTimeNs);
  EXPECT_FALSE(all[0].exited || all[0].recovered || all[0].timed_out || all[0].unit);
  EXPECT_FALSE(all[0].stdout_bytes);
  EXPECT_EQ(all[0].stderr_bytes, 0U);
  EXPECT_EQ(all[1].pid, second);
  EXPECT_TRUE(all[1].exited);
  EXPECT_EQ(all[1].exitcode, 2);
  EXPECT_EQ(all[1].stdout_bytes, 5U);
  (void)wait_for_status(second);
  EXPECT_EQ(list().size(), 1U);
  ::kill(-static_cast<pid_t>(first), SIGKILL);
  EXPECT_EQ(wait_for_status(first).signal, SIGKILL);
  EXPECT_TRUE(list().empty());
}

}  // namespace
}  // namespace guestd::commands
