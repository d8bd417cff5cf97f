// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "tests/commands/exec_bench.hpp"

namespace guestd::commands {
namespace {

class GuestdExecResize : public ExecTest {
 protected:
  std::string resize(std::int64_t pid, std::uint16_t rows, std::uint16_t columns) {
    const auto resized = guestd_exec_resize(bench_.context(), {.pid = pid, .rows = rows, .columns = columns});
    return resized ? "" : resized.error().text;
  }
};

TEST_F(GuestdExecResize, TellsTheProgram) {
  auto args = sh("trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.01; done");
  args.pty = GuestdExecTerminal{};
  const auto pid = start(args);
  ASSERT_TRUE(read(read_args(pid)));
  EXPECT_EQ(resize(pid, 60, 200), "");
  EXPECT_EQ(follow(pid).out, "60 200\r\n");
}

TEST_F(GuestdExecResize, NeedsATerminal) {
  const auto pid = start(sh("sleep 1000"));
  EXPECT_EQ(resize(pid, 1, 1), "PID " + std::to_string(pid) + " has no terminal");
  EXPECT_EQ(resize(1, 1, 1), "PID 1 does not exist");
  ::kill(-static_cast<pid_t>(pid), SIGKILL);
}

TEST_F(GuestdExecResize, OfAProgramThatHasEndedIsAnError) {
  auto args = sh("true");
  args.pty = GuestdExecTerminal{};
  const auto pid = start(args);
  (void)follow(pid);
  EXPECT_EQ(resize(pid, 1, 1), "PID " + std::to_string(pid) + " has ended");
}

}  // namespace
}  // namespace guestd::commands
