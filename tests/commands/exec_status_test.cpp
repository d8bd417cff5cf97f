// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "tests/commands/exec_bench.hpp"

namespace guestd::commands {
namespace {

class ExecStatus : public ExecTest {
 protected:
  std::string error(std::int64_t pid) {
    const auto status = exec_status(bench_.context(), {.pid = pid});
    return status ? "(a status)" : status.error().text;
  }
};

TEST_F(ExecStatus, IsKeptUntilItWasCollectedOnce) {
  const auto pid = start(sh("exit 7"));
  EXPECT_EQ(wait_for_status(pid).exitcode, 7);
  EXPECT_EQ(error(pid), "PID " + std::to_string(pid) + " does not exist");
}

TEST_F(ExecStatus, NamesAProcessThatIsNotThere) {
  EXPECT_EQ(error(1), "PID 1 does not exist");
  EXPECT_EQ(error(0), "PID 0 does not exist");
  EXPECT_EQ(error(-5), "PID -5 does not exist");
  EXPECT_EQ(error(std::int64_t{1} << 40), "PID 1099511627776 does not exist");
}

TEST_F(ExecStatus, OfARunningProgramTellsThatAlone) {
  const auto pid = start(sh("echo something; sleep 1000"));
  const auto status = exec_status(bench_.context(), {.pid = pid});
  ASSERT_TRUE(status);
  EXPECT_FALSE(status->exited);
  EXPECT_FALSE(status->exitcode || status->signal || status->out_data || status->out_truncated);
  ::kill(-static_cast<pid_t>(pid), SIGKILL);
  EXPECT_EQ(wait_for_status(pid).signal, SIGKILL);
}

TEST_F(ExecStatus, HasNoMembersOfOutputsThatAreEmpty) {
  auto status = wait_for_status(start(sh("echo only >&2")));
  EXPECT_FALSE(status.out_data);
  EXPECT_FALSE(status.out_truncated);
  EXPECT_EQ(bytes_of(status, status.err_data), "only\n");
  EXPECT_EQ(status.err_truncated, false);
}

TEST_F(ExecStatus, IsAnsweredAtOnceIfThereIsLittleToSay) {
  const auto little = start(sh("echo little"));
  ASSERT_TRUE(comes_true([&] { return (*bench_.processes().find(little))->state().complete; }));
  const auto much = start(sh("head -c 1000000 /dev/zero"));
  ASSERT_TRUE(comes_true([&] { return (*bench_.processes().find(much))->state().complete; }));
  auto status = exec_status_at_once(bench_.context(), {.pid = little});
  ASSERT_TRUE(status);
  EXPECT_EQ(bytes_of(*status, status->out_data), "little\n");
  EXPECT_FALSE(exec_status_at_once(bench_.context(), {.pid = much}));
  EXPECT_FALSE(exec_status_at_once(bench_.context(), {.pid = 1}));
  auto large = wait_for_status(much);
  EXPECT_EQ(bytes_of(large, large.out_data), std::string(1'000'000, '\0'));
}

TEST_F(ExecStatus, CollectsWhatASpoolHolds) {
  auto args = sh("echo spooled");
  args.stdout_ = GuestdExecOutput::kSpool;
  const auto pid = start(args);
  auto status = wait_for_status(pid);
  EXPECT_EQ(bytes_of(status, status.out_data), "spooled\n");
  EXPECT_EQ(status.out_truncated, false);
}

TEST_F(ExecStatus, TellsThatTheBeginningOfALongOutputIsMissing) {
  auto args = sh("head -c 100000 /dev/zero; echo end");
  args.output_limit = 5000;
  auto status = wait_for_status(start(args));
  EXPECT_EQ(status.out_truncated, true);
  const std::string out = bytes_of(status, status.out_data);
  EXPECT_EQ(out.size(), 5000U);
  EXPECT_TRUE(out.ends_with("end\n"));
}

}  // namespace
}  // namespace guestd::commands
