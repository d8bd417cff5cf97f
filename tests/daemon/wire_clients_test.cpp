// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/agent.hpp"
#include "tests/support/client.hpp"

/// What well-known host programs put on the wire, byte for byte, and what they do with the answer.
namespace guestd {
namespace {

using namespace std::chrono_literals;
using support::Agent;
using support::Client;

class WireClients : public testing::Test {
 protected:
  Agent agent_;
  Client client_{agent_.socket()};
};

/// The one pattern by which Proxmox VE takes a reply apart: anything, 0xFF, two objects of one line each.
bool is_proxmox_answer(const std::string& bytes, const std::string& sync, const std::string& result) {
  const auto mark = bytes.rfind('\xFF');
  return mark != std::string::npos && bytes.substr(mark + 1) == sync + "\n" + result + "\n";
}

std::string proxmox_request(int id, const std::string& command) {
  return R"({"execute":"guest-sync-delimited","arguments":{"id":)" + std::to_string(id) + "}}\n" + R"({"execute":")" +
         command + "\",\"arguments\":{}}\n";
}

TEST_F(WireClients, ProxmoxSendsSyncAndCommandInOneWrite) {
  ASSERT_TRUE(client_.send(proxmox_request(12340, "guest-ping")));
  EXPECT_EQ(client_.read_until_silence(), "\xFF{\"return\": 12340}\n{\"return\": {}}\n");
}

TEST_F(WireClients, ProxmoxConnectsAnewForEveryCommand) {
  client_.close();
  for (int i = 1; i <= 30; ++i) {
    Client each(agent_.socket());
    ASSERT_TRUE(each.send(proxmox_request(i, "guest-ping")));
    ASSERT_EQ(each.read_line(), "\xFF{\"return\": " + std::to_string(i) + "}\n");
    ASSERT_EQ(each.read_line(), "{\"return\": {}}\n");
  }
}

TEST_F(WireClients, ProxmoxIsUnderstoodBehindTheTorsoOfAnotherRequest) {
  // On a serial line the next client follows the one that was cut off, with no byte between them.
  const std::vector<std::string> torsos = {
      "{",
      R"({"exec)",
      R"({"execute")",
      R"({"execute":"guest-pi)",
      R"({"execute":"guest-ping")",
      R"({"execute":"guest-ping",)",
      R"({"execute":"guest-ping","arguments":{)",
      R"({"execute":"guest-file-write","arguments":{"handle":1000,"buf-b64":"QUJD)",
      R"({"execute":"guest-file-write","arguments":{"handle":1000,"buf-b64":"QUJD\)",
      R"({"execute":"guest-sync","arguments":{"id":12)",
      R"({"execute":"guest-ping","id":tr)",
  };
  int id = 100;
  for (const auto& torso : torsos) {
    Client each(agent_.socket());
    ASSERT_TRUE(each.send(torso + proxmox_request(++id, "guest-ping")));
    const std::string bytes = each.read_until_silence(300ms);
    EXPECT_TRUE(is_proxmox_answer(bytes, "{\"return\": " + std::to_string(id) + "}", "{\"return\": {}}"))
        << "torso " << torso << "\nreplies " << bytes;
  }
}

TEST_F(WireClients, ProxmoxIsUnderstoodAtTheSecondAttemptWhereTheFirstCouldBelongToTheTorso) {
  for (const char* torso : {R"({"execute":)", R"({"execute":"guest-exec","arguments":{"arg":["a",)", "[", "[1,"}) {
    Client each(agent_.socket());
    ASSERT_TRUE(each.send(torso + proxmox_request(1, "guest-ping")));
    each.read_until_silence(300ms);
    ASSERT_TRUE(each.send(proxmox_request(2, "guest-ping")));
    const std::string bytes = each.read_until_silence(300ms);
    EXPECT_TRUE(is_proxmox_answer(bytes, "{\"return\": 2}", "{\"return\": {}}"))
        << "torso " << torso << "\nreplies " << bytes;
  }
}

TEST_F(WireClients, UtmSends0xFFAndNoNewline) {
  ASSERT_TRUE(client_.send("{\"execute\":\"guest-inf"));  // of somebody before
  ASSERT_TRUE(client_.send("\xFF{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":3735928559}}"));
  EXPECT_EQ(client_.read_line(), "\xFF{\"return\": 3735928559}\n");
  ASSERT_TRUE(client_.send(R"({"execute":"guest-get-time"})"));
  EXPECT_TRUE(support::returned_integer(client_.read_line()).has_value());
}

TEST_F(WireClients, FcQemuSendsObjectsBackToBackWithoutNewline) {
  ASSERT_TRUE(client_.send(R"({"execute": "guest-ping"}{"execute": "guest-sync", "arguments": {"id": 54321}})"));
  const std::string replies = client_.read_until_silence();
  // The ping may have been dropped by the sync, but nothing else may come, and the sync last.
  EXPECT_TRUE(replies == "{\"return\": 54321}\n" || replies == "{\"return\": {}}\n{\"return\": 54321}\n") << replies;
}

TEST_F(WireClients, LibvirtSyncsWithMillisecondsSinceTheEpoch) {
  EXPECT_EQ(client_.request(R"({"execute":"guest-sync", "arguments":{"id":1758184325123}})"),
            R"({"return": 1758184325123})");
}

TEST_F(WireClients, KubevirtStripsTheEnvelopeByPattern) {
  const std::regex envelope(R"re(^\{"return": (\{.*\}|\[.*\]|".*")\}$)re");
  for (const char* command : {"guest-info", "guest-get-host-name", "guest-get-osinfo", "guest-get-timezone"}) {
    const std::string reply = client_.request(R"({"execute":")" + std::string(command) + "\"}");
    EXPECT_TRUE(std::regex_match(reply, envelope)) << reply;
  }
}

TEST_F(WireClients, CrocumQuotesWithApostrophesAndReadsAtMost2048Bytes) {
  ASSERT_TRUE(client_.send("{'execute': 'guest-get-host-name'}"));
  EXPECT_LT(client_.read_line().size(), 2048U);
}

TEST_F(WireClients, AShellOneLinerReadsNothingAndCloses) {
  for (int i = 0; i < 20; ++i) {
    Client careless(agent_.socket());
    ASSERT_TRUE(careless.send(R"({"execute":"guest-info"})"));
  }
  EXPECT_TRUE(client_.sync());
}

TEST_F(WireClients, EveryCommandWithoutMandatoryArgumentsTakesAnEmptyObject) {
  for (const char* command : {"guest-ping", "guest-info", "guest-get-time", "guest-get-host-name", "guest-get-osinfo",
                              "guest-get-timezone"}) {
    const std::string reply = client_.request(R"({"execute":")" + std::string(command) + R"(","arguments":{}})");
    EXPECT_TRUE(reply.starts_with(R"({"return": )")) << reply;
  }
}

TEST_F(WireClients, RepliesAreOneLineOfPlainAscii) {
  for (const char* request : {R"({"execute":"guest-info"})", R"({"execute":"guest-get-osinfo"})",
                              R"({"execute":"guest-äöü"})", R"({"execute":"guest-\u0001\n"})"}) {
    const std::string reply = client_.request(request);
    EXPECT_TRUE(reply.ends_with('}')) << reply;
    for (const char byte : reply) EXPECT_TRUE(byte >= ' ' && byte <= '~') << reply;
  }
}

}  // namespace
}  // namespace guestd
