// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/agent.hpp"
#include "tests/support/client.hpp"

/// Beginning and end of the process: crashes, signals at any moment, and what stays behind.
namespace guestd {
namespace {

using namespace std::chrono_literals;
using support::Agent;
using support::Client;
using support::Ending;
using support::Process;

constexpr Ending kClean{true, 0};

Agent::Options with(std::vector<std::string> arguments) {
  Agent::Options options;
  options.arguments = std::move(arguments);
  return options;
}

TEST(SurvivalProcess, NeverUsesAHandleAgainAfterACrash) {
  Agent agent;
  std::int64_t last = 999;
  for (int life = 0; life < 10; ++life) {
    Client client(agent.socket());
    for (int i = 0; i < 3; ++i) {
      const auto handle = support::open_file(client, "/dev/null", "r");
      EXPECT_GT(handle, last);
      last = handle;
    }
    agent.crash_and_restart();
    Client next(agent.socket());
    const auto old = std::to_string(last);
    EXPECT_EQ(next.request(R"({"execute":"guest-file-read","arguments":{"handle":)" + old + "}}"),
              support::generic_error("handle '" + old + "' has not been found"));
  }
}

TEST(SurvivalProcess, ComesBackAfterSigkillBetweenAnyTwoRequests) {
  Agent agent;
  const std::string path = agent.folder().file("data");
  for (int step = 0; step < 5; ++step) {
    Client client(agent.socket());
    std::int64_t handle = 0;
    if (step > 0) handle = support::open_file(client, path, "w");
    const auto number = std::to_string(handle);
    if (step > 1)
      client.request(R"({"execute":"guest-file-write","arguments":{"handle":)" + number + R"(,"buf-b64":"QUJD"}})");
    if (step > 2) client.request(R"({"execute":"guest-file-flush","arguments":{"handle":)" + number + "}}");
    if (step > 3) client.request(R"({"execute":"guest-file-close","arguments":{"handle":)" + number + "}}");
    agent.crash_and_restart();
    Client next(agent.socket());
    ASSERT_TRUE(next.sync(step));
    if (step > 2) {
      EXPECT_EQ(support::slurp(path), "ABC");
    }
  }
}

TEST(SurvivalProcess, StartsHandlesAt1000AndKeepsTheCounterInTheStateFile) {
  Agent agent;
  Client client(agent.socket());
  EXPECT_EQ(support::open_file(client, "/dev/null", "r"), 1000);
  EXPECT_EQ(support::open_file(client, "/dev/null", "r"), 1001);
  const std::string state = support::slurp(agent.folder().file("qga.state"));
  EXPECT_TRUE(state.starts_with("[global]\nfd_counter=")) << state;
}

TEST(SurvivalProcess, ContinuesTheCounterOfQemuGa) {
  Agent agent;
  ASSERT_EQ(agent.stop(), kClean);
  agent.folder().write("qga.state", "[global]\nfd_counter=4321\n");
  agent.crash_and_restart();
  Client client(agent.socket());
  EXPECT_GE(support::open_file(client, "/dev/null", "r"), 4321);
}

TEST(SurvivalProcess, EndsCleanlyOnSigtermAndSigint) {
  for (const int number : {SIGTERM, SIGINT}) {
    Agent agent;
    Client client(agent.socket());
    ASSERT_TRUE(client.sync());
    agent.process().signal(number);
    EXPECT_EQ(agent.process().wait(), kClean);
    EXPECT_TRUE(client.sees_end());
    EXPECT_NE(::access(agent.socket().c_str(), F_OK), 0) << "the socket file must be gone";
  }
}

TEST(SurvivalProcess, EndsCleanlyOnSigtermAtAnyMomentOfItsStart) {
  if (support::kSanitized) GTEST_SKIP() << "the runtime of a sanitizer ends by the signal before main";
  // Before exec and in the dynamic linker no program can do anything about a signal, so the socket marks the start.
  for (int delay_us = 0; delay_us < 4000; delay_us += 100) {
    Agent::Options options;
    options.wait_until_ready = false;
    Agent agent(std::move(options));
    ::usleep(static_cast<useconds_t>(delay_us));
    const bool started = ::access(agent.socket().c_str(), F_OK) == 0;
    agent.process().signal(SIGTERM);
    const auto ending = agent.process().wait(5s);
    ASSERT_TRUE(ending.has_value()) << "still alive, signalled after " << delay_us << " us";
    if (started) {
      EXPECT_EQ(*ending, kClean) << "signalled after " << delay_us << " us";
    }
    EXPECT_TRUE(*ending == kClean || *ending == (Ending{false, SIGTERM}));
  }
}

TEST(SurvivalProcess, EndsCleanlyInTheMiddleOfABigReplyThatNobodyReads) {
  Agent agent;
  const std::string path = agent.folder().write("big", std::string(std::size_t{48} << 20U, 'x'));
  Client client(agent.socket());
  const auto handle = std::to_string(support::open_file(client, path, "r"));
  ASSERT_TRUE(
      client.send(R"({"execute":"guest-file-read","arguments":{"handle":)" + handle + ",\"count\":50331648}}\n"));
  support::sleep_for(100ms);
  EXPECT_EQ(agent.stop(), kClean);
}

TEST(SurvivalProcess, EndsCleanlyInTheMiddleOfABigRequest) {
  Agent agent;
  Client client(agent.socket());
  ASSERT_TRUE(client.send("{\"execute\":\"" + std::string(10 << 20U, 'x')));
  EXPECT_EQ(agent.stop(), kClean);
}

TEST(SurvivalProcess, ReopensTheLogFileOnSighup) {
  const support::TempFolder logs;
  const std::string log = logs.file("log");
  Agent agent(with({"-v", "-l", log}));
  Client client(agent.socket());
  ASSERT_TRUE(client.sync());
  ASSERT_EQ(::rename(log.c_str(), logs.file("log.1").c_str()), 0);
  agent.process().signal(SIGHUP);
  EXPECT_TRUE(support::eventually([&] { return ::access(log.c_str(), F_OK) == 0; }));
  EXPECT_TRUE(client.sync());
  EXPECT_EQ(agent.stop(), kClean);
}

TEST(SurvivalProcess, KeepsItsPolicyIfTheFileIsGoneAtAReload) {
  const support::TempFolder files;
  const std::string file = files.file("c.conf");
  const std::string log = files.file("log");
  std::ofstream(file) << "[policy]\nprofile=none\nconfine=false\n";
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  ASSERT_EQ(::setenv("QGA_CONF", file.c_str(), 1), 0);
  Agent agent(with({"-l", log}));
  ::unsetenv("QGA_CONF");
  Client client(agent.socket());
  const std::string question = R"({"execute":"guest-get-users"})";
  EXPECT_NE(client.request(question).find("has been disabled"), std::string::npos);
  ASSERT_EQ(::unlink(file.c_str()), 0);
  agent.process().signal(SIGHUP);
  EXPECT_TRUE(support::eventually(
      [&] { return support::slurp(log).find("it was in effect and is missing now") != std::string::npos; }));
  EXPECT_NE(client.request(question).find("has been disabled"), std::string::npos);
  EXPECT_EQ(agent.stop(), kClean);
}

TEST(SurvivalProcess, OutlivesAReloadInAFolderThatIsGone) {
  const support::TempFolder files;
  const std::string log = files.file("log");
  const std::string folder = files.file("started-in");
  files.write("c.conf", "[general]\n", 0600);
  const auto before = std::filesystem::current_path();
  std::filesystem::create_directory(folder);
  std::filesystem::current_path(folder);
  Agent agent(with({"-l", log, "-c", "../c.conf"}));
  std::filesystem::current_path(before);
  Client client(agent.socket());
  ASSERT_TRUE(client.sync());
  std::filesystem::remove(folder);
  agent.process().signal(SIGHUP);
  EXPECT_TRUE(
      support::eventually([&] { return support::slurp(log).find("No such file or directory") != std::string::npos; }));
  EXPECT_TRUE(client.sync());
  EXPECT_EQ(agent.stop(), kClean);
}

TEST(SurvivalProcess, OutlivesSighupAndSigpipeWithoutALogFile) {
  Agent agent;
  agent.process().signal(SIGHUP);
  agent.process().signal(SIGPIPE);
  Client client(agent.socket());
  EXPECT_TRUE(client.sync());
}

TEST(SurvivalProcess, WritesNoLinePerPoll) {
  const support::TempFolder logs;
  Agent agent(with({"-l", logs.file("log")}));
  Client client(agent.socket());
  for (int i = 0; i < 100; ++i) client.request(R"({"execute":"guest-ping"})");
  EXPECT_EQ(agent.stop(), kClean);
  EXPECT_LT(support::slurp(logs.file("log")).size() + agent.output().size(), 500U);
}

TEST(SurvivalProcess, DaemonisesWithALockedPidFile) {
  const support::TempFolder folder;
  const std::string socket = folder.file("sock");
  const std::string pidfile = folder.file("pid");
  const support::Launch launch{support::agent_binary(),
                               {"-d", "-m", "unix-listen", "-p", socket, "-t", folder.path(), "-f", pidfile},
                               {support::empty_configuration(folder)},
                               {},
                               folder.file("output")};
  Process parent(launch);
  ASSERT_EQ(parent.wait(), kClean) << support::slurp(folder.file("output"));
  ASSERT_TRUE(support::eventually([&] { return support::slurp(pidfile).ends_with('\n'); }));
  const pid_t daemon = std::stoi(support::slurp(pidfile));
  ASSERT_TRUE(support::eventually([&] { return ::access(socket.c_str(), F_OK) == 0; }));
  Client client(socket);
  EXPECT_TRUE(client.sync());

  Process second({support::agent_binary(),
                  {"-d", "-m", "unix-listen", "-p", folder.file("sock2"), "-t", folder.path(), "-f", pidfile},
                  {support::empty_configuration(folder)},
                  {},
                  folder.file("output2")});
  EXPECT_TRUE(second.wait().has_value());
  EXPECT_TRUE(support::eventually([&] {
    return support::slurp(folder.file("output2")).find("lock pid file") != std::string::npos;
  })) << support::slurp(folder.file("output2"));

  EXPECT_EQ(::kill(daemon, SIGTERM), 0);
  EXPECT_TRUE(support::eventually([&] { return ::kill(daemon, 0) != 0; }));
  EXPECT_NE(::access(pidfile.c_str(), F_OK), 0);
}

TEST(SurvivalProcess, RunsWithoutStandardDescriptorsToSpare) {
  // A shell closes all three; files that the host opens must not become the agent's stderr.
  const support::TempFolder folder;
  const std::string socket = folder.file("sock");
  Process process({"/bin/sh",
                   {"-c", "exec \"$0\" -m unix-listen -p \"$1\" -t \"$2\" 0<&- 1>&- 2>&-", support::agent_binary(),
                    socket, folder.path()},
                   {support::empty_configuration(folder)},
                   {},
                   ""});
  support::wait_until_connectable(socket, process);
  Client client(socket);
  const std::string path = folder.file("data");
  support::open_file(client, path, "w");
  for (int i = 0; i < 20; ++i) client.send("garbage\n");
  client.read_until_silence();
  EXPECT_EQ(support::slurp(path), "");
  EXPECT_TRUE(client.sync());
}

}  // namespace
}  // namespace guestd
