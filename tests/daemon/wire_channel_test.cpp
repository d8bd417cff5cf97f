// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/agent.hpp"
#include "tests/support/client.hpp"

/// The Unix socket as a file, an inherited socket, and what the options let a host do.
namespace guestd {
namespace {

using namespace std::chrono_literals;
using support::Agent;
using support::Client;
using support::Ending;
using support::Process;

constexpr Ending kClean{true, 0};
constexpr Ending kFailure{true, 1};

Agent::Options with(std::vector<std::string> arguments) {
  Agent::Options options;
  options.arguments = std::move(arguments);
  return options;
}

/// Runs an agent that is expected to end by itself; its output.
std::string output_of(std::vector<std::string> arguments, Ending expected, std::vector<std::string> environment = {}) {
  const support::TempFolder folder;
  environment.insert(environment.begin(), support::empty_configuration(folder));
  Process process({support::agent_binary(), std::move(arguments), std::move(environment), {}, folder.file("output")});
  EXPECT_EQ(process.wait(), expected);
  return support::slurp(folder.file("output"));
}

UniqueFd listening_socket(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(fd.get(), 4), 0);
  return fd;
}

TEST(WireChannel, CreatesTheSocketForItsOwnUserOnly) {
  const mode_t before = ::umask(0);
  Agent agent;
  ::umask(before);
  struct stat status {};
  ASSERT_EQ(::stat(agent.socket().c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 0077U, 0U) << std::oct << status.st_mode;
}

TEST(WireChannel, RemovesTheSocketAtItsEnd) {
  Agent agent;
  EXPECT_EQ(agent.stop(), kClean);
  EXPECT_NE(::access(agent.socket().c_str(), F_OK), 0);
}

TEST(WireChannel, TakesOverTheSocketFileOfAProcessThatCrashed) {
  Agent agent;
  agent.crash_and_restart();
  Client client(agent.socket());
  EXPECT_TRUE(client.sync());
}

TEST(WireChannel, RefusesToStartWithoutAUsablePath) {
  EXPECT_NE(output_of({"-m", "unix-listen"}, kFailure).find("must specify a path for this channel"), std::string::npos);
  EXPECT_NE(output_of({"-m", "unix-listen", "-p", "/tmp/" + std::string(120, 'x')}, kFailure).find("is too long"),
            std::string::npos);
  output_of({"-m", "unix-listen", "-p", "/nowhere/sock"}, kFailure);
  EXPECT_NE(output_of({"-m", "pigeon", "-p", "x"}, kFailure).find("unsupported channel method/type: pigeon"),
            std::string::npos);
}

TEST(WireChannel, ServesASocketThatTheServiceManagerPassesOn) {
  const support::TempFolder folder;
  const std::string path = folder.file("inherited");
  const UniqueFd socket = listening_socket(path);
  Process process({"/bin/sh",
                   {"-c", "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" -t \"$1\"", support::agent_binary(), folder.path()},
                   {support::empty_configuration(folder)},
                   {socket.get()},
                   folder.file("output")});
  for (int i = 0; i < 3; ++i) {
    Client client(path);
    ASSERT_TRUE(client.sync(i)) << support::slurp(folder.file("output"));
  }
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), kClean);
  EXPECT_EQ(::access(path.c_str(), F_OK), 0) << "who made the socket file removes it";
}

TEST(WireChannel, RefusesTwoInheritedSockets) {
  const support::TempFolder folder;
  const UniqueFd first = listening_socket(folder.file("a"));
  const UniqueFd second = listening_socket(folder.file("b"));
  Process process({"/bin/sh",
                   {"-c", "LISTEN_FDS=2 LISTEN_PID=$$ exec \"$0\" -t \"$1\"", support::agent_binary(), folder.path()},
                   {support::empty_configuration(folder)},
                   {first.get(), second.get()},
                   folder.file("output")});
  EXPECT_EQ(process.wait(), kFailure);
  EXPECT_NE(support::slurp(folder.file("output")).find("only supports listening on one socket"), std::string::npos);
}

TEST(WireChannel, RefusesAnInheritedSocketOfTheWrongTypeEvenIfItMayRetry) {
  const support::TempFolder folder;
  const UniqueFd datagrams(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  Process process(
      {"/bin/sh",
       {"-c", "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" -r -t \"$1\"", support::agent_binary(), folder.path()},
       {support::empty_configuration(folder)},
       {datagrams.get()},
       folder.file("output")});
  EXPECT_EQ(process.wait(), kFailure);
  EXPECT_NE(support::slurp(folder.file("output")).find("unsupported listen fd type"), std::string::npos);
}

TEST(WireChannel, IgnoresSocketsPassedToAnotherProcess) {
  Agent::Options options;
  options.environment = {"LISTEN_FDS=1", "LISTEN_PID=1"};
  Agent agent(std::move(options));
  Client client(agent.socket());
  EXPECT_TRUE(client.sync());
}

TEST(WireChannel, RefusesAConfigurationThatOthersCanWrite) {
  const support::TempFolder folder;
  const std::string sock = folder.file("sock");
  for (const mode_t mode : {0666U, 0664U, 0646U}) {
    const std::string path = folder.write("conf", "[general]\nblock-rpcs=guest-info\n", mode);
    const std::string output = output_of({"-c", path, "-m", "unix-listen", "-p", sock, "-t", folder.path()}, kFailure);
    EXPECT_NE(output.find(path), std::string::npos) << output;
  }
}

TEST(WireChannel, BlocksWhatIsListedAndSaysSo) {
  Agent agent(with({"-b", "guest-get-time; guest-file-open , guest-get-osinfo"}));
  Client client(agent.socket());
  for (const char* name : {"guest-get-time", "guest-file-open", "guest-get-osinfo"}) {
    const std::string command(name);
    EXPECT_EQ(client.request(R"({"execute":")" + command + R"(","arguments":{"bad":1}})"),
              support::not_found_error("Command " + command + " has been disabled: the command is not allowed"));
    EXPECT_NE(client.request(R"({"execute":"guest-info"})").find(R"({"enabled": false, "name": ")" + command + "\""),
              std::string::npos);
  }
  EXPECT_EQ(client.request(R"({"execute":"guest-ping"})"), R"({"return": {}})");
}

TEST(WireChannel, AllowsOnlyWhatIsListedAndTheBlockListWins) {
  Agent agent(with({"-a", "guest-ping,guest-sync,guest-get-time", "-b", "guest-get-time"}));
  Client client(agent.socket());
  EXPECT_TRUE(client.sync());
  EXPECT_EQ(client.request(R"({"execute":"guest-ping"})"), R"({"return": {}})");
  for (const char* name : {"guest-info", "guest-get-time"}) {
    EXPECT_EQ(
        client.request(R"({"execute":")" + std::string(name) + "\"}"),
        support::not_found_error("Command " + std::string(name) + " has been disabled: the command is not allowed"));
  }
}

TEST(WireChannel, RefusesAListWithAnUnknownName) {
  const std::string output =
      output_of({"-m", "unix-listen", "-p", "/nowhere/sock", "-b", "guest-fille-open"}, kFailure);
  EXPECT_NE(output.find("guest-fille-open"), std::string::npos) << output;
}

TEST(WireChannel, ListsAllCommandsInTheOrderOfTheSchema) {
  const std::string names = output_of({"-b", "help"}, kClean);
  EXPECT_TRUE(names.starts_with("guest-sync-delimited\nguest-sync\nguest-ping\n")) << names;
  EXPECT_EQ(names, output_of({"-a", "?"}, kClean));
}

TEST(WireChannel, ListsTheSameCommandsReversedInGuestInfo) {
  Agent agent;
  Client client(agent.socket());
  const std::string info = client.request(R"({"execute":"guest-info"})");
  EXPECT_TRUE(info.starts_with(R"({"return": {"version": ")")) << info;
  const auto ping = info.find(R"({"enabled": true, "name": "guest-ping", "success-response": true})");
  const auto sync = info.find(R"({"enabled": true, "name": "guest-sync", "success-response": true})");
  const auto delimited = info.find(R"({"enabled": true, "name": "guest-sync-delimited", "success-response": true})");
  EXPECT_LT(ping, sync);
  EXPECT_LT(sync, delimited);
  EXPECT_NE(delimited, std::string::npos);
}

}  // namespace
}  // namespace guestd
