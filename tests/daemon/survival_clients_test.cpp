// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/agent.hpp"
#include "tests/support/client.hpp"

/// Clients that behave badly, many of them, and what the others notice: nothing.
namespace guestd {
namespace {

using namespace std::chrono_literals;
using support::Agent;
using support::Client;

constexpr std::size_t kMiB = std::size_t{1} << 20U;
constexpr std::string_view kInfo = "{\"execute\":\"guest-info\"}\n";

class SurvivalClients : public testing::Test {
 protected:
  std::string read_request(std::int64_t handle, std::size_t count) const {
    return R"({"execute":"guest-file-read","arguments":{"handle":)" + std::to_string(handle) + R"(,"count":)" +
           std::to_string(count) + "}}\n";
  }

  Agent agent_;
};

TEST_F(SurvivalClients, AHundredReconnectsInARow) {
  for (int i = 0; i < 100; ++i) {
    Client client(agent_.socket());
    ASSERT_TRUE(client.sync(i));
  }
}

TEST_F(SurvivalClients, AHundredConnectionsThatSayNothing) {
  for (int i = 0; i < 100; ++i) Client(agent_.socket()).close();
  Client client(agent_.socket());
  EXPECT_TRUE(client.sync());
}

TEST_F(SurvivalClients, OneThatNeverReadsWhileItSendsCostsNoCpuAndLittleMemory) {
  Client deaf(agent_.socket());
  std::string requests;
  for (int i = 0; i < 20000; ++i) requests += kInfo;
  for (int i = 0; i < 100 && deaf.send_while_taken(requests, 300ms) == requests.size(); ++i) {
  }
  const auto before = support::cpu_time_of(agent_.pid());
  support::sleep_for(2s);
  EXPECT_LT(support::cpu_time_of(agent_.pid()) - before, 100ms);
  if (!support::kSanitized) {
    EXPECT_LT(support::memory_of(agent_.pid()).peak_kib, 40 * 1024);
  }
  Client other(agent_.socket());
  EXPECT_TRUE(other.sync());
}

TEST_F(SurvivalClients, OneThatNeverReadsABigReplyCostsNoCpuAndLittleMemory) {
  const std::string path = agent_.folder().write("big", std::string(48 * kMiB, 'x'));
  Client deaf(agent_.socket());
  const auto handle = support::open_file(deaf, path, "r");
  support::reset_peak(agent_.pid());
  ASSERT_TRUE(deaf.send(read_request(handle, 48 * kMiB)));
  support::sleep_for(500ms);
  const auto before = support::cpu_time_of(agent_.pid());
  support::sleep_for(2s);
  EXPECT_LT(support::cpu_time_of(agent_.pid()) - before, 100ms);
  if (!support::kSanitized) {
    EXPECT_LT(support::memory_of(agent_.pid()).peak_kib, 20 * 1024);
  }
  Client other(agent_.socket());
  EXPECT_TRUE(other.sync());
}

TEST_F(SurvivalClients, OneThatClosesWithAReplyUnread) {
  for (int i = 0; i < 20; ++i) {
    Client careless(agent_.socket());
    ASSERT_TRUE(careless.send(kInfo));
    support::sleep_for(10ms);  // the reply is in its receive buffer, so that closing resets the connection
    careless.close();
  }
  Client client(agent_.socket());
  EXPECT_TRUE(client.sync());
}

TEST_F(SurvivalClients, OneThatClosesInTheMiddleOfABigReply) {
  const std::string path = agent_.folder().write("big", std::string(16 * kMiB, 'x'));
  for (int i = 0; i < 5; ++i) {
    Client careless(agent_.socket());
    const auto handle = support::open_file(careless, path, "r");
    ASSERT_TRUE(careless.send(read_request(handle, 16 * kMiB)));
    support::sleep_for(20ms);
    careless.close();
  }
  Client client(agent_.socket());
  EXPECT_TRUE(client.sync());
}

TEST_F(SurvivalClients, SixteenAtOnceEachWithASessionOfItsOwn) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 16; ++i) clients.push_back(std::make_unique<Client>(agent_.socket()));
  // Half a request in each: the halves must not meet.
  for (auto& client : clients) ASSERT_TRUE(client->send(R"({"execute":"guest-sync","arguments":{"id":)"));
  support::sleep_for(50ms);
  int id = 0;
  for (auto& client : clients) ASSERT_TRUE(client->send(std::to_string(++id) + "}}\n"));
  id = 0;
  for (auto& client : clients) EXPECT_EQ(client->read_line(), "{\"return\": " + std::to_string(++id) + "}\n");
}

TEST_F(SurvivalClients, TheSeventeenthGetsAPlaceWhenOneLeaves) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 16; ++i) {
    clients.push_back(std::make_unique<Client>(agent_.socket()));
    ASSERT_TRUE(clients.back()->sync(i));
  }
  Client next(agent_.socket());
  ASSERT_TRUE(next.send("{\"execute\":\"guest-ping\"}\n"));
  EXPECT_EQ(next.read_until_silence(200ms), "");
  for (auto& client : clients) EXPECT_TRUE(client->sync());
  clients.pop_back();
  EXPECT_EQ(next.read_line(), "{\"return\": {}}\n");
}

TEST_F(SurvivalClients, ABlockedOneDoesNotHoldUpTheOthers) {
  const std::string path = agent_.folder().write("big", std::string(48 * kMiB, 'x'));
  std::vector<std::unique_ptr<Client>> blocked;
  for (int i = 0; i < 8; ++i) {
    blocked.push_back(std::make_unique<Client>(agent_.socket()));
    const auto handle = support::open_file(*blocked.back(), path, "r");
    ASSERT_TRUE(blocked.back()->send(read_request(handle, 48 * kMiB)));
  }
  Client other(agent_.socket());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(other.sync(i, 5s));
}

TEST_F(SurvivalClients, ManyAtOnceGetTheirOwnData) {
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::int64_t> handles;
  for (int i = 0; i < 8; ++i) {
    const auto name = "file" + std::to_string(i);
    clients.push_back(std::make_unique<Client>(agent_.socket()));
    handles.push_back(support::open_file(*clients.back(), agent_.folder().file(name), "w"));
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    ASSERT_TRUE(clients[i]->send(support::write_request(handles[i], kMiB + i)));
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    EXPECT_EQ(clients[i]->read_line(), "{\"return\": {\"count\": " + std::to_string(kMiB + i) + ", \"eof\": false}}\n");
  }
}

TEST_F(SurvivalClients, ASyncBehindAReplyThatHasBegunComesAfterTheWholeReply) {
  // The client asks for much, loses patience, and syncs on the same stream, as after a time-out. What is on the wire
  // already cannot be taken back, and half a line would break clients that read line by line.
  const std::string path = agent_.folder().write("big", std::string(48 * kMiB, 'x'));
  Client client(agent_.socket());
  const auto handle = support::open_file(client, path, "r");
  ASSERT_TRUE(client.send(read_request(handle, 48 * kMiB)));
  support::sleep_for(200ms);
  ASSERT_TRUE(client.send("\xFF{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":99}}\n"));
  constexpr std::string_view kAround = R"({"return": {"buf-b64": "", "count": 50331648, "eof": false}})";
  const std::string reply = client.read_line();
  EXPECT_TRUE(reply.ends_with("}}\n"));
  EXPECT_NEAR(static_cast<double>(reply.size()), static_cast<double>(kAround.size() + 64 * kMiB), 5);
  EXPECT_EQ(client.read_line(), "\xFF{\"return\": 99}\n");
}

TEST_F(SurvivalClients, AnIdleAgentHasOneThread) {
  const std::string path = agent_.folder().write("small", "x");
  Client client(agent_.socket());
  const auto handle = support::open_file(client, path, "r");
  ASSERT_TRUE(client.send(read_request(handle, 10)));
  ASSERT_FALSE(client.read_line().empty());
  EXPECT_TRUE(support::eventually([this] { return support::threads_of(agent_.pid()) == 1; }));
}

TEST_F(SurvivalClients, AnIdleAgentIsNeverWokenUp) {
  Client client(agent_.socket());
  ASSERT_TRUE(client.sync());
  // A second after its start it looks once at CPUs and memory, on a worker that ends a little later.
  support::sleep_for(6s);
  const auto before = support::context_switches_of(agent_.pid());
  support::sleep_for(3s);
  EXPECT_EQ(support::context_switches_of(agent_.pid()), before);
}

}  // namespace
}  // namespace guestd
