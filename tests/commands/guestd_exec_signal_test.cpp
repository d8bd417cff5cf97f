// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "tests/commands/exec_bench.hpp"

namespace guestd::commands {
namespace {

class GuestdExecSignal : public ExecTest {
 protected:
  std::string signal(std::int64_t pid, commands::GuestdExecSignal what, std::optional<GuestdExecTarget> target = {}) {
    GuestdExecSignalArgs args;
    args.pid = pid;
    args.signal = std::move(what);
    args.target = target;
    const auto sent = guestd_exec_signal(bench_.context(), args);
    return sent ? "" : sent.error().text;
  }
  /// A program that has come as far as its first line.
  std::int64_t running(const std::string& script) {
    const auto pid = start(sh(script));
    EXPECT_TRUE(read(read_args(pid)));
    return pid;
  }
};

TEST_F(GuestdExecSignal, IsGivenByNameOrNumber) {
  for (const commands::GuestdExecSignal& what :
       {commands::GuestdExecSignal("TERM"), commands::GuestdExecSignal("SIGTERM"),
        commands::GuestdExecSignal("sigterm"), commands::GuestdExecSignal(std::int64_t{SIGTERM}),
        commands::GuestdExecSignal("15")}) {
    const auto pid = running("echo; sleep 1000");
    EXPECT_EQ(signal(pid, what), "");
    EXPECT_EQ(follow(pid).last.signal, SIGTERM);
  }
}

TEST_F(GuestdExecSignal, ReachesTheGroupOrTheProgramAlone) {
  const std::string script =
      "trap 'echo parent' USR1; sh -c 'trap \"echo child; exit\" USR1; echo; while :; do sleep 0.01; done' & "
      "while kill -0 $! 2>/dev/null; do wait; done";
  const auto group = running(script);
  EXPECT_EQ(signal(group, "USR1"), "");
  const auto both = follow(group).out;
  EXPECT_NE(both.find("parent"), std::string::npos) << both;
  EXPECT_NE(both.find("child"), std::string::npos) << both;
  const auto alone = running(script);
  EXPECT_EQ(signal(alone, "USR1", GuestdExecTarget::kProcess), "");
  auto news = read(read_args(alone));
  ASSERT_TRUE(news);
  EXPECT_EQ(news->output[0].data.bytes(), "parent\n");
  EXPECT_EQ(signal(alone, "KILL", GuestdExecTarget::kAll), "") << "without systemd the group";
  EXPECT_EQ(follow(alone).last.signal, SIGKILL);
}

TEST_F(GuestdExecSignal, NamesWhatIsNoSignal) {
  const auto pid = running("echo; sleep 1000");
  EXPECT_EQ(signal(pid, "NOSUCH"), "'NOSUCH' is no signal");
  EXPECT_EQ(signal(pid, std::int64_t{0}), "'0' is no signal");
  EXPECT_EQ(signal(pid, std::int64_t{-9}), "'-9' is no signal");
  EXPECT_EQ(signal(pid, std::int64_t{65}), "'65' is no signal");
  EXPECT_EQ(signal(pid, ""), "'' is no signal");
  EXPECT_EQ(signal(pid, "KILL"), "");
  (void)follow(pid);
}

TEST_F(GuestdExecSignal, DoesNotReachWhatHasEnded) {
  const auto pid = start(sh("true"));
  (void)follow(pid);
  EXPECT_EQ(signal(pid, "KILL"), "PID " + std::to_string(pid) + " has ended");
  EXPECT_EQ(signal(1, "KILL"), "PID 1 does not exist");
}

}  // namespace
}  // namespace guestd::commands
