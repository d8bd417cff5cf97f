// SPDX-License-Identifier: Apache-2.0
#include "commands/background_jobs.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <future>
#include <string>
#include <thread>

#include "tests/commands/exec_bench.hpp"

namespace guestd::commands {
namespace {

TEST(BackgroundJobs, AreDoneOneAfterTheOther) {
  std::promise<void> gate;
  std::promise<void> last;
  std::string order;
  BackgroundJobs jobs;
  jobs.add([&, open = gate.get_future().share()] {
    open.wait();
    order += "a";
  });
  jobs.add([&] { order += "b"; });
  jobs.add([&] { last.set_value(); });
  EXPECT_EQ(order, "") << "nobody waits for them";
  gate.set_value();
  last.get_future().wait();
  EXPECT_EQ(order, "ab");
}

TEST(BackgroundJobs, HaveNoThreadWhenThereIsNothingToDo) {
  const std::size_t before = own_threads();
  BackgroundJobs jobs;
  for (int round = 0; round < 3; ++round) {
    std::promise<void> done;
    jobs.add([&] { done.set_value(); });
    done.get_future().wait();
    EXPECT_TRUE(comes_true([&] { return own_threads() == before; }));
  }
}

TEST(BackgroundJobs, AreWaitedForWhileOneRuns) {
  std::promise<void> gate;
  bool is_done = false;
  std::thread opener;
  {
    BackgroundJobs jobs;
    std::promise<void> runs;
    jobs.add([&, open = gate.get_future().share()] {
      runs.set_value();
      open.wait();
      is_done = true;
    });
    runs.get_future().wait();
    opener = std::thread([&gate] { gate.set_value(); });
  }
  EXPECT_TRUE(is_done);
  opener.join();
}

}  // namespace
}  // namespace guestd::commands
