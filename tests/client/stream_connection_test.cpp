// SPDX-License-Identifier: Apache-2.0
#include "client/lib/stream_connection.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "client/lib/stream_lock.hpp"
#include "generated/agent/calls.hpp"
#include "tests/support/client.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::client {
namespace {

using namespace std::chrono_literals;

/// The id of a sync request.
std::string id_in(std::string_view request) {
  const auto at = request.find("\"id\": ");
  const auto begin = at + 6;
  return std::string(request.substr(begin, request.find_first_not_of("0123456789", begin) - begin));
}

std::string sync_reply(std::string_view request) { return "\xff{\"return\": " + id_in(request) + "}\n"; }

/// A connection whose other end the test plays, line by line, on a thread of its own.
class StreamConnectionTest : public testing::Test {
 protected:
  using Script = std::function<void(support::Client& agent)>;

  void play(Script script, ConnectionOptions options = {}) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    ::fcntl(ends[0], F_SETFL, O_RDWR | O_NONBLOCK);
    agent_ = std::jthread([script = std::move(script), fd = ends[1]] {
      support::Client agent{UniqueFd(fd)};
      script(agent);
    });
    connection_ = std::make_unique<StreamConnection>(UniqueFd(ends[0]), StreamLock(), "the test", options);
  }

  std::jthread agent_;
  std::unique_ptr<StreamConnection> connection_;
};

TEST_F(StreamConnectionTest, SkipsWhatEarlierClientsAskedFor) {
  play([](support::Client& agent) {
    const std::string sync = agent.read_line();
    EXPECT_EQ(sync.front(), '\xff');
    agent.send("{\"return\": 5}\n{\"error\": {\"desc\": \"x\", \"class\": \"y\"}}\nnonsense\n{\"return\": [" +
               sync_reply(sync));
    EXPECT_EQ(agent.read_line(), "{\"execute\": \"guest-get-time\"}\n");
    agent.send("{\"return\": 42}\n");
    agent.sees_end();
  });
  const auto time = agent::get_time(*connection_);
  ASSERT_TRUE(time) << time.error().text;
  EXPECT_EQ(*time, 42);
  connection_.reset();
}

TEST_F(StreamConnectionTest, UsesAnotherIdForEachSync) {
  const auto sync_once = [&](std::string& id) {
    play([&id](support::Client& agent) {
      const std::string sync = agent.read_line();
      id = id_in(sync);
      agent.send(sync_reply(sync));
      agent.sees_end();
    });
    EXPECT_TRUE(connection_->sync(deadline_in(support::kPatience)));
    connection_.reset();
    agent_ = {};
  };
  std::string first;
  std::string second;
  sync_once(first);
  sync_once(second);
  EXPECT_NE(first, second);
  EXPECT_FALSE(first.empty());
}

TEST_F(StreamConnectionTest, HandsRepliesOutInTheOrderOfTheCalls) {
  play([](support::Client& agent) {
    agent.send(sync_reply(agent.read_line()));
    for (int index = 0; index < 3; ++index) agent.read_line();
    agent.send("{\"return\": 1}\n{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no\"}}\n{\"return\": 3}\n");
    agent.sees_end();
  });
  std::vector<std::string> seen;
  for (int index = 0; index < 3; ++index) {
    connection_->start(protocol::make_call<agent::calls::GetTime>({}), support::kPatience, [&seen](Reply reply) {
      auto time = protocol::read_reply<agent::calls::GetTime>(*reply);
      seen.push_back(time ? std::to_string(*time) : time.error().text);
    });
  }
  while (connection_->pending() > 0) connection_->wait(Deadline::max());
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "no", "3"}));
  connection_.reset();
}

TEST_F(StreamConnectionTest, SendsNothingToAnAgentThatDoesNotAnswerASync) {
  std::string received;
  play(
      [&received](support::Client& agent) {
        received = agent.read_line();
        received += agent.read_line();
      },
      {.connect_timeout = 100ms, .call_timeout = 100ms, .lock = false});
  const auto time = agent::get_time(*connection_);
  ASSERT_FALSE(time);
  EXPECT_EQ(time.error().kind, Error::Kind::kTimedOut);
  connection_.reset();
  agent_ = {};
  EXPECT_EQ(received.find("guest-get-time"), std::string::npos) << received;
}

TEST_F(StreamConnectionTest, GetsInStepAgainAfterACallThatTimedOut) {
  play([](support::Client& agent) {
    agent.send(sync_reply(agent.read_line()));
    agent.read_line();
    const std::string sync = agent.read_line();
    agent.send("{\"return\": 1}\n" + sync_reply(sync));
    agent.read_line();
    agent.send("{\"return\": 2}\n");
    agent.sees_end();
  });
  const auto late = connection_->call(protocol::make_call<agent::calls::GetTime>({}), 50ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, Error::Kind::kTimedOut);
  connection_->set_call_timeout(support::kPatience);
  const auto time = agent::get_time(*connection_);
  ASSERT_TRUE(time) << time.error().text;
  EXPECT_EQ(*time, 2);
  connection_.reset();
}

TEST_F(StreamConnectionTest, TakesThePingBehindASilentCommandForItsSuccess) {
  play([](support::Client& agent) {
    agent.send(sync_reply(agent.read_line()));
    EXPECT_NE(agent.read_line().find("guest-shutdown"), std::string::npos);
    EXPECT_NE(agent.read_line().find("guest-ping"), std::string::npos);
    agent.send("{\"return\": {}}\n");
    EXPECT_NE(agent.read_line().find("guest-shutdown"), std::string::npos);
    const std::string ping = agent.read_line();
    agent.send("{\"error\": {\"class\": \"GenericError\", \"desc\": \"refused\"}}\n{\"return\": {}}\n");
    agent.read_line();
    agent.send("{\"return\": 7}\n");
    agent.sees_end();
  });
  EXPECT_TRUE(agent::shutdown(*connection_, {}));
  const auto refused = agent::shutdown(*connection_, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text, "refused");
  // The ping behind it does not answer the next call.
  const auto time = agent::get_time(*connection_);
  ASSERT_TRUE(time);
  EXPECT_EQ(*time, 7);
  connection_.reset();
}

TEST_F(StreamConnectionTest, TakesTheEndOfTheStreamForTheSuccessOfASilentCommand) {
  play([](support::Client& agent) {
    agent.send(sync_reply(agent.read_line()));
    agent.read_line();
    agent.read_line();
    agent.close();
  });
  EXPECT_TRUE(agent::shutdown(*connection_, {}));
  const auto time = agent::get_time(*connection_);
  ASSERT_FALSE(time);
  EXPECT_EQ(time.error().kind, Error::Kind::kUnreachable);
}

TEST_F(StreamConnectionTest, PassesEventsOnAndDoesNotTakeThemForReplies) {
  play([](support::Client& agent) {
    agent.send(sync_reply(agent.read_line()));
    agent.read_line();
    agent.send("{\"event\": \"X\", \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}}\n{\"return\": 3}\n");
    agent.sees_end();
  });
  int events = 0;
  connection_->on_event([&events](const protocol::JsonDocument&) { ++events; });
  const auto time = agent::get_time(*connection_);
  ASSERT_TRUE(time);
  EXPECT_EQ(*time, 3);
  EXPECT_EQ(events, 1);
  connection_.reset();
}

TEST_F(StreamConnectionTest, FailsAllCallsWhenAReplyIsBroken) {
  play([](support::Client& agent) {
    agent.send(sync_reply(agent.read_line()));
    agent.read_line();
    agent.read_line();
    agent.send("{\"return\": ]}\n");
    agent.sees_end();
  });
  int failed = 0;
  for (int index = 0; index < 2; ++index) {
    connection_->start(protocol::make_call<agent::calls::GetTime>({}), support::kPatience,
                       [&failed](const Reply& reply) { failed += reply ? 0 : 1; });
  }
  while (connection_->pending() > 0) connection_->wait(Deadline::max());
  EXPECT_EQ(failed, 2);
  connection_.reset();
}

TEST_F(StreamConnectionTest, TellsItsHandlersWhenItIsClosed) {
  play([](support::Client& agent) { agent.sees_end(); });
  std::optional<Reply> seen;
  connection_->start(protocol::make_call<agent::calls::GetTime>({}), support::kPatience,
                     [&seen](Reply reply) { seen = std::move(reply); });
  connection_.reset();
  ASSERT_TRUE(seen);
  EXPECT_FALSE(*seen);
}

TEST(StreamLock, KeepsASecondOneOutUntilTheFirstIsGone) {
  const support::TempDir dir;
  const std::string path = dir.write("socket", "");
  std::optional<Result<StreamLock>> first = StreamLock::take(path, deadline_in(support::kPatience));
  ASSERT_TRUE(*first) << first->error().text;
  const auto second = StreamLock::take(path, deadline_in(50ms));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, Error::Kind::kTimedOut);
  EXPECT_NE(second.error().text.find("process " + std::to_string(::getpid())), std::string::npos)
      << second.error().text;
  // Another one that waits gets it.
  std::jthread release([&first] { first.reset(); });
  EXPECT_TRUE(StreamLock::take(path, deadline_in(support::kPatience)));
}

}  // namespace
}  // namespace guestd::client
