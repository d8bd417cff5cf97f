// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/agent.hpp"
#include "tests/support/client.hpp"

/// Programs that mean harm, or simply do much.
namespace guestd {
namespace {

using namespace std::chrono_literals;
using support::Agent;
using support::Client;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kPing = "{\"execute\": \"guest-ping\"}";
constexpr std::string_view kPong = "{\"return\": {}}";

Agent::Options options(std::string configuration = {}) {
  Agent::Options all;
  all.environment = {"GUESTD_HANDS_OFF=except-exec"};
  if (!configuration.empty()) all.arguments = {"-c", std::move(configuration)};
  return all;
}

std::string exec_request(const std::string& script, const std::string& more = R"("capture-output": true)") {
  return R"({"execute": "guest-exec", "arguments": {"path": "/bin/sh", "arg": ["-c", ")" + script + R"("], )" + more +
         "}}";
}

class SurvivalExec : public testing::Test {
 protected:
  static std::int64_t start(Client& client, const std::string& request) {
    const std::string reply = client.request(request);
    EXPECT_THAT(reply, StartsWith(R"({"return": {"pid": )"));
    return reply.size() > 19 ? std::atoll(reply.c_str() + 19) : -1;
  }
  static std::string status(Client& client, std::int64_t pid) {
    return client.request(R"({"execute": "guest-exec-status", "arguments": {"pid": )" + std::to_string(pid) + "}}");
  }
  static std::string collect(Client& client, std::int64_t pid) {
    std::string reply;
    support::eventually(
        [&] {
          reply = status(client, pid);
          return reply.find("\"exited\": true") != std::string::npos || reply.find("error") != std::string::npos;
        },
        60s);
    return reply;
  }
};

TEST_F(SurvivalExec, SixtyFourProgramsThatWriteAtFullSpeed) {
  const support::TempFolder folder;
  Agent agent(options(folder.write("conf", "[exec]\nmemory-limit=33554432\n")));
  Client client(agent.socket());
  std::vector<std::int64_t> pids;
  for (int number = 0; number < 64; ++number) pids.push_back(start(client, exec_request("exec yes")));
  std::chrono::microseconds slowest{0};
  for (int round = 0; round < 100; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_EQ(client.request(kPing), kPong);
    slowest = std::max(slowest,
                       std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin));
  }
  const auto memory = support::memory_of(agent.pid());
  std::cout << "slowest ping beside 64 programs: " << slowest.count() << " us; resident " << memory.resident_kib
            << " KiB\n";
  if (!support::kSanitized) {
    EXPECT_LT(memory.peak_kib, 33554432 / 1024 + 16 * 1024);
  }
  EXPECT_THAT(client.request(exec_request("true")), HasSubstr("64 programs run already"));
  for (const std::int64_t pid : pids) ::kill(-static_cast<pid_t>(pid), SIGKILL);
  for (const std::int64_t pid : pids) EXPECT_THAT(collect(client, pid), HasSubstr("\"signal\": 9"));
  EXPECT_THAT(collect(client, start(client, exec_request("echo again"))), HasSubstr("YWdhaW4K"));
}

TEST_F(SurvivalExec, AThousandProgramsLeaveNothingBehind) {
  Agent agent(options());
  Client client(agent.socket());
  const auto run = [&](int count) {
    for (int round = 0; round < count; ++round) {
      ASSERT_THAT(collect(client, start(client, exec_request("echo hello"))), HasSubstr("aGVsbG8K"));
    }
  };
  run(100);
  // The socket of `guestd status` comes a second after the start.
  const std::string status = agent.folder().file("guestd.status");
  ASSERT_TRUE(support::eventually([&] { return std::filesystem::exists(status); }));
  const auto before = support::memory_of(agent.pid());
  const auto descriptors = [&] {
    long count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(agent.pid()) + "/fd")) {
      (void)entry;
      ++count;
    }
    return count;
  };
  const long open_before = descriptors();
  run(1000);
  EXPECT_EQ(descriptors(), open_before);
  if (!support::kSanitized) {
    EXPECT_LT(support::memory_of(agent.pid()).resident_kib, before.resident_kib + 256);
  }
}

TEST_F(SurvivalExec, ABombOfProcessesInABoundedGroupHarmsNobodyElse) {
  Agent agent(options());
  Client client(agent.socket());
  // The limit of processes of a user stands for that of a control group, which a test may not make. Not for root. By
  // prlimit(1), since shells differ in how they call this limit, and go on without it.
  const std::string bomb =
      R"({"execute": "guestd-exec", "arguments": {"path": "prlimit", "args": ["--nproc=40", "/bin/sh", "-c", )"
      R"("f() { f & f & }; f; sleep 0.2; exit 7"], "user": "4242", "group": "4242", "timeout-ms": 3000}})";
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  const auto pid = start(client, bomb);
  ASSERT_GT(pid, 1);
  // All that are left of the bomb are in its group, and end with the test, whatever becomes of that.
  const std::shared_ptr<void> end(nullptr, [pid](void*) { ::kill(-static_cast<pid_t>(pid), SIGKILL); });
  for (int round = 0; round < 50; ++round) ASSERT_EQ(client.request(kPing), kPong);
  EXPECT_THAT(collect(client, pid), HasSubstr("\"exited\": true"));
  EXPECT_EQ(client.request(kPing), kPong);
}

TEST_F(SurvivalExec, ProgramsThatIgnoreStopOrDetachThemselves) {
  const support::TempFolder folder;
  Agent agent(options(folder.write("conf", "[exec]\ngrace=0\n")));
  Client client(agent.socket());
  const auto stubborn = start(client, exec_request("trap '' TERM; echo; while :; do sleep 0.05; done"));
  const auto stopped = start(client, exec_request("kill -STOP $$; exit 5"));
  const auto detached = start(client, exec_request("setsid sleep 20 & exit 6"));
  EXPECT_THAT(collect(client, detached), HasSubstr("\"exitcode\": 6"));
  EXPECT_THAT(status(client, stubborn), HasSubstr("\"exited\": false"));
  const auto signal = [&](std::int64_t pid, const std::string& name) {
    return client.request(R"({"execute": "guestd-exec-signal", "arguments": {"pid": )" + std::to_string(pid) +
                          R"(, "signal": ")" + name + "\"}}");
  };
  EXPECT_EQ(signal(stubborn, "TERM"), kPong);
  EXPECT_EQ(signal(stopped, "CONT"), kPong);
  EXPECT_THAT(collect(client, stopped), HasSubstr("\"exitcode\": 5"));
  EXPECT_THAT(status(client, stubborn), HasSubstr("\"exited\": false"));
  EXPECT_EQ(signal(stubborn, "KILL"), kPong);
  EXPECT_THAT(collect(client, stubborn), HasSubstr("\"signal\": 9"));
}

TEST_F(SurvivalExec, KnowsItsProgramsAgainAfterItWasKilled) {
  Agent agent(options());
  auto client = std::make_unique<Client>(agent.socket());
  const std::string request =
      R"({"execute": "guestd-exec", "arguments": {"path": "/bin/sh", "args": ["-c", "echo before; read x < )" +
      agent.folder().file("fifo") + R"(; echo after; exit 3"], "stdout": "spool", "stderr": "none"}})";
  ASSERT_EQ(::mkfifo(agent.folder().file("fifo").c_str(), 0600), 0);
  const auto pid = start(*client, request);
  const auto plain = start(*client, exec_request("exec sleep 1000"));
  agent.crash_and_restart();
  client = std::make_unique<Client>(agent.socket());
  const std::string list = client->request(R"({"execute": "guestd-exec-list"})");
  EXPECT_THAT(list, HasSubstr("\"pid\": " + std::to_string(pid)));
  EXPECT_THAT(list, HasSubstr("\"pid\": " + std::to_string(plain)));
  EXPECT_THAT(list, HasSubstr("\"recovered\": true"));
  EXPECT_THAT(status(*client, pid), HasSubstr("\"exited\": false"));
  { std::ofstream(agent.folder().file("fifo")) << "go\n"; }
  EXPECT_THAT(collect(*client, pid), HasSubstr("\"out-data\": \"YmVmb3JlCmFmdGVyCg==\""));
  EXPECT_EQ(client->request(R"({"execute": "guestd-exec-signal", "arguments": {"pid": )" + std::to_string(plain) +
                            R"(, "signal": "KILL"}})"),
            kPong);
  EXPECT_THAT(collect(*client, plain), HasSubstr("\"out-truncated\": true"));
}

TEST_F(SurvivalExec, IdlesAsBeforeWhenAllIsOver) {
  Agent agent(options());
  Client client(agent.socket());
  (void)collect(client, start(client, exec_request("true")));
  EXPECT_TRUE(support::eventually([&] { return support::threads_of(agent.pid()) == 1; }, 30s));
}

TEST_F(SurvivalExec, EndsWhileProgramsRun) {
  Agent agent(options());
  Client client(agent.socket());
  const auto pid = start(client, exec_request("exec sleep 1000"));
  EXPECT_EQ(agent.stop(), (support::Ending{true, 0}));
  EXPECT_EQ(::kill(static_cast<pid_t>(pid), 0), 0) << "it goes on";
  ::kill(-static_cast<pid_t>(pid), SIGKILL);
}

}  // namespace
}  // namespace guestd
