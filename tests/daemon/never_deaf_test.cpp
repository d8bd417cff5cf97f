// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <iostream>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "tests/support/agent.hpp"
#include "tests/support/client.hpp"
#include "tests/support/fake_programs.hpp"
#include "tests/support/fixture_agent.hpp"

/// Whatever a command waits for, and however many wait: everybody else is answered. What blocks here is a FUSE mount
/// whose server never says a word, in a mount namespace of this program's own; a hook of the system that does not
/// return; and a FIFO that nobody opens.
namespace guestd {
namespace {

using namespace std::chrono_literals;
using support::Client;
using testing::HasSubstr;

/// A file system whose server does not answer. Everything that touches it waits, until it is given up.
class DeadMount {
 public:
  DeadMount() {
    static const bool separated = ::geteuid() == 0 && ::unshare(CLONE_NEWNS) == 0 &&
                                  ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    ::mkdir(path().c_str(), 0700);
    server_.reset(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
    if (!separated || !server_.valid()) return;
    const std::string options = "fd=" + std::to_string(server_.get()) + ",rootmode=40000,user_id=0,group_id=0";
    usable_ = ::mount("guestd-test", path().c_str(), "fuse", MS_NOSUID | MS_NODEV, options.c_str()) == 0;
  }
  DeadMount(const DeadMount&) = delete;
  DeadMount& operator=(const DeadMount&) = delete;
  ~DeadMount() {
    give_up();
    if (usable_) ::umount2(path().c_str(), MNT_DETACH);
  }

  [[nodiscard]] bool usable() const { return usable_; }
  [[nodiscard]] std::string path() const { return folder_.file("dead"); }
  /// All that wait get an error.
  void give_up() { server_.reset(); }

 private:
  support::TempFolder folder_;
  UniqueFd server_;
  bool usable_ = false;
};

std::string request(const std::string& command, const std::string& arguments) {
  return R"({"execute": ")" + command + R"(", "arguments": {)" + arguments + "}}\n";
}
constexpr std::string_view kPing = "{\"execute\": \"guest-ping\"}";
constexpr std::string_view kPong = "{\"return\": {}}";

/// How long the slowest of some answers took.
std::chrono::microseconds slowest_ping(Client& client) {
  std::chrono::microseconds slowest{0};
  for (int round = 0; round < 20; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(client.request(kPing), kPong);
    EXPECT_TRUE(client.sync(round));
    const auto took = std::chrono::steady_clock::now() - begin;
    slowest = std::max(slowest, std::chrono::duration_cast<std::chrono::microseconds>(took));
  }
  return slowest;
}

support::Agent::Options options_with_exec() {
  support::Agent::Options options;
  options.environment = {"GUESTD_HANDS_OFF=except-exec"};
  return options;
}

class NeverDeaf : public testing::Test {
 protected:
  void SetUp() override {
    if (!dead_.usable() || !dead_to_programs_.usable()) GTEST_SKIP() << "needs root and FUSE";
  }
  /// Commands that wait for a dead mount. Those that start programs have one of their own: FUSE looks up one name of a
  /// folder at a time, whoever waits for another's turn cannot be killed, and a program that is being started does not
  /// end with the agent.
  [[nodiscard]] std::vector<std::string> blocking() const {
    const std::string file = "\"path\": \"" + dead_.path() + "/file\"";
    return {request("guest-file-open", file), request("guest-file-open", file + ", \"mode\": \"w\""),
            request("guest-exec", "\"path\": \"" + dead_to_programs_.path() + "/file\""),
            request("guestd-exec", R"("path": "/bin/true", "cwd": ")" + dead_to_programs_.path() + "/folder\"")};
  }

  DeadMount dead_;
  DeadMount dead_to_programs_;
};

TEST_F(NeverDeaf, AnswersEverybodyElseWhileACommandWaits) {
  support::Agent agent(options_with_exec());
  Client other(agent.socket());
  for (const std::string& blocking_request : blocking()) {
    Client client(agent.socket());
    ASSERT_TRUE(client.send(blocking_request));
    const auto slowest = slowest_ping(other);
    std::cout << "slowest ping and sync beside it: " << slowest.count() << " us, of " << blocking_request;
    EXPECT_EQ(client.read_line(50ms), "") << "it does not wait at all: " << blocking_request;
    EXPECT_TRUE(client.sync()) << "the same client has given it up";
    EXPECT_EQ(client.request(kPing), kPong);
  }
}

TEST_F(NeverDeaf, SaysThatTooManyWaitAndRecoversWhenTheyEnd) {
  support::Agent agent(options_with_exec());
  Client client(agent.socket());
  Client other(agent.socket());
  const auto kinds = blocking();
  for (std::size_t round = 0; round < limits::kWorkers; ++round) {
    ASSERT_TRUE(client.send(kinds[round % kinds.size()]));
    ASSERT_TRUE(client.sync(static_cast<std::int64_t>(round)));
  }
  std::cout << "slowest ping and sync beside " << limits::kWorkers << ": " << slowest_ping(other).count() << " us\n";
  ASSERT_TRUE(client.send(kinds[2]));
  EXPECT_THAT(client.read_line(), HasSubstr("Command guest-exec was not started: too many commands are still running"));
  // What needs no worker goes on: input for a program, waiting for its output, its end.
  EXPECT_THAT(other.request(R"({"execute": "guestd-exec-list"})"), HasSubstr("\"return\": []"));
  dead_.give_up();
  dead_to_programs_.give_up();
  EXPECT_TRUE(support::eventually([&] {
    return client.request(R"({"execute": "guest-exec", "arguments": {"path": "/bin/true"}})").find("pid") !=
           std::string::npos;
  })) << "there are workers again";
  EXPECT_THAT(client.request(std::string_view(kinds[2]).substr(0, kinds[2].size() - 1)),
              HasSubstr("Failed to execute child process"));
}

TEST_F(NeverDeaf, EndsThoughCommandsAreStuck) {
  support::Agent agent(options_with_exec());
  Client client(agent.socket());
  for (const std::string& each : blocking()) {
    ASSERT_TRUE(client.send(each));
    ASSERT_TRUE(client.sync());
  }
  EXPECT_EQ(agent.stop(), (support::Ending{true, 0}));
}

TEST_F(NeverDeaf, FindsTheSizesOfTheOtherFileSystems) {
  support::Agent agent;
  Client client(agent.socket());
  Client other(agent.socket());
  ASSERT_TRUE(client.send(request("guest-get-fsinfo", "")));
  (void)slowest_ping(other);
  EXPECT_THAT(client.read_line(), HasSubstr("\"return\": ["));
}

TEST(NeverDeafBesides, DoesNotWaitForAFifo) {
  const support::TempFolder folder;
  ASSERT_EQ(::mkfifo(folder.file("fifo").c_str(), 0600), 0);
  support::Agent agent(options_with_exec());
  Client client(agent.socket());
  for (const char* mode : {"r", "w", "r+"}) {
    ASSERT_TRUE(client.send(
        request("guest-file-open", "\"path\": \"" + folder.file("fifo") + "\", \"mode\": \"" + mode + "\"")));
    EXPECT_NE(client.read_line(), "") << mode;
  }
  // A program may wait for one as long as it likes.
  const auto started = client.request(R"({"execute": "guestd-exec", "arguments": {"path": "cat", "args": [")" +
                                      folder.file("fifo") + "\"]}}");
  ASSERT_THAT(started, HasSubstr("\"pid\": "));
  const std::string pid = started.substr(19, started.find('}') - 19);
  EXPECT_EQ(client.request(kPing), kPong);
  EXPECT_EQ(
      client.request(R"({"execute": "guestd-exec-signal", "arguments": {"pid": )" + pid + R"(, "signal": "KILL"}})"),
      kPong);
}

TEST(NeverDeafBesides, AnswersWhileAProgramOfTheSystemHangs) {
  // As chpasswd(8) would with a PAM module that waits for a dead directory server, or a hook.
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  support::FixtureAgent agent("debian12", {}, [&](platform::Host& host) {
    auto programs = std::make_unique<support::FakePrograms>();
    programs->answer([open](const platform::ProgramCall&) -> Result<platform::ProgramEnd> {
      open.wait();
      return platform::ProgramEnd{};
    });
    host.programs = std::move(programs);
  });
  agent.machine().write("usr/sbin/chpasswd", "");
  ::chmod((agent.machine() / "usr/sbin/chpasswd").c_str(), 0755);
  auto client = agent.connect();
  auto other = agent.connect();
  const std::string change =
      request("guest-set-user-password", R"("username": "root", "password": "c2VjcmV0", "crypted": false)");
  ASSERT_TRUE(client.send(change));
  EXPECT_EQ(client.read_line(50ms), "") << "it does not wait at all";
  for (std::size_t round = 1; round < limits::kWorkers; ++round) {
    ASSERT_TRUE(client.sync());
    ASSERT_TRUE(client.send(change));
  }
  (void)slowest_ping(other);
  ASSERT_TRUE(client.sync());
  ASSERT_TRUE(client.send(change));
  EXPECT_THAT(client.read_line(), HasSubstr("too many commands are still running"));
  gate.set_value();
  EXPECT_TRUE(support::eventually(
      [&] { return client.request(std::string_view(change).substr(0, change.size() - 1)) == kPong; }));
}

}  // namespace
}  // namespace guestd
