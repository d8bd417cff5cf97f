// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/agent.hpp"
#include "tests/support/client.hpp"

/// The same requests to guestd and to the agent that it replaces, where that is installed: the replies are equal byte
/// by byte, except where a difference is wanted, which is then told here.
namespace guestd {
namespace {

using namespace std::chrono_literals;
using support::Agent;
using support::Client;

Agent::Options peer() {
  Agent::Options options;
  options.binary = support::peer_binary();
  return options;
}

class WireDifferential : public testing::Test {
 protected:
  void SetUp() override {
    if (support::peer_binary().empty()) GTEST_SKIP() << "no qemu-ga here";
  }

  static std::string reply_of(const Agent::Options& options, const std::string& request) {
    Agent agent(options);
    Client client(agent.socket());
    return client.request(request, 5s);
  }
};

TEST_F(WireDifferential, RepliesToSingleRequestsAreEqual) {
  Agent theirs(peer());
  Agent ours;
  Client them(theirs.socket());
  Client us(ours.socket());
  const std::vector<std::string> requests = {
      // Envelope
      R"({"execute":"guest-ping"})",
      R"({"execute":"guest-ping","arguments":{}})",
      R"({"execute":"guest-ping","id":{"a":[1,2.5,"ä",null,true,{}]}})",
      R"({"execute":"guest-ping","id":1e10})",
      R"({"execute":"guest-ping","id":1e25})",
      R"({"execute":"guest-ping","id":123456789012345678901234567890})",
      R"({"execute":"guest-ping","id":18446744073709551615})",
      R"({"execute":"guest-ping","id":-9223372036854775809})",
      R"({"execute":"guest-ping","id":-0.0})",
      R"({"execute":"guest-ping","id":"\u20ac\ud83d\ude00\/\b\f\n\r\t\u001f\u007f"})",
      R"({'execute':'guest-ping','id':'a"b\'c'})",
      R"({})",
      R"([])",
      R"([1,2])",
      R"({"execute":1})",
      R"({"execute":null})",
      R"({"execute":"guest-ping","arguments":null})",
      R"({"execute":"guest-ping","arguments":[]})",
      R"({"execute":"guest-ping","more":1,"id":5})",
      R"({"exec-oob":"guest-ping"})",
      R"({"execute":"nothing","id":null})",
      R"({"execute":"","id":""})",
      R"({"execute":"guest-ping","arguments":{"x":1}})",
      // Sync
      R"({"execute":"guest-sync","arguments":{"id":9223372036854775807}})",
      R"({"execute":"guest-sync","arguments":{"id":-9223372036854775808}})",
      R"({"execute":"guest-sync","arguments":{"id":9223372036854775808}})",
      R"({"execute":"guest-sync","arguments":{"id":1.0}})",
      R"({"execute":"guest-sync","arguments":{"id":"1"}})",
      R"({"execute":"guest-sync","arguments":{"id":null}})",
      R"({"execute":"guest-sync"})",
      R"({"execute":"guest-sync-delimited","arguments":{"id":42}})",
      R"({"execute":"guest-sync-delimited","arguments":{"id":42},"id":"x"})",
      R"({"execute":"guest-sync-delimited","arguments":{}})",
      // Syntax: the first error of each, for messages that upstream answers with one
      R"({"execute":"guest-ping",})",
      R"({"execute" "guest-ping"})",
      R"({"execute":"guest-ping" "id":1})",
      R"({1:2})",
      R"({"execute":guest})",
      R"({"execute":"guest-ping","execute":"guest-ping"})",
      R"([1 2])",
      R"({"execute":"guest-ping","id":[1,]})",
      // Facts about this machine
      R"({"execute":"guest-get-host-name"})",
      R"({"execute":"guest-get-timezone"})",
      R"({"execute":"guest-get-osinfo"})",
  };
  for (const auto& request : requests) {
    EXPECT_EQ(us.request(request, 5s), them.request(request, 5s)) << "request: " << request;
  }
}

TEST_F(WireDifferential, AConversationAboutAFileIsEqual) {
  Agent theirs(peer());
  Agent ours;
  Client them(theirs.socket());
  Client us(ours.socket());
  const support::TempFolder folder;
  const auto request = [&](const std::string& command, const std::string& arguments) {
    return R"({"execute":"guest-file-)" + command + R"(","arguments":{)" + arguments + "}}";
  };
  const std::vector<std::string> conversation = {
      request("open", R"("path":"@/file","mode":"w+")"),
      request("write", R"("handle":1000,"buf-b64":"SGVsbG8gd29ybGQK")"),
      request("write", R"("handle":1000,"buf-b64":"QUJD\nREVG\n","count":4)"),
      request("write", R"("handle":1000,"buf-b64":"")"),
      request("write", R"("handle":1000,"buf-b64":"QUJD","count":4)"),
      request("write", R"("handle":1000,"buf-b64":"QUJD","count":-1)"),
      request("write", R"("handle":1000,"buf-b64":"Q*JD")"),
      request("flush", R"("handle":1000)"),
      request("seek", R"("handle":1000,"offset":0,"whence":"set")"),
      request("read", R"("handle":1000,"count":5)"),
      request("read", R"("handle":1000,"count":0)"),
      request("seek", R"("handle":1000,"offset":-4,"whence":2)"),
      request("read", R"("handle":1000)"),
      request("read", R"("handle":1000)"),
      request("seek", R"("handle":1000,"offset":2,"whence":1)"),
      request("seek", R"("handle":1000,"offset":-1,"whence":"set")"),
      request("seek", R"("handle":1000,"offset":0,"whence":3)"),
      request("seek", R"("handle":1000,"offset":0,"whence":"middle")"),
      request("seek", R"("handle":1000,"offset":0,"whence":true)"),
      request("seek", R"("handle":1000,"offset":0)"),
      request("read", R"("handle":1000,"count":-1)"),
      request("read", R"("handle":1000,"count":50331649)"),
      request("close", R"("handle":1000)"),
      request("close", R"("handle":1000)"),
      request("read", R"("handle":1000)"),
      request("write", R"("handle":1000,"buf-b64":"QUJD")"),
      request("seek", R"("handle":1000,"offset":0,"whence":0)"),
      request("flush", R"("handle":1000)"),
      request("open", R"("path":"@/file","mode":"r")"),
      request("write", R"("handle":1001,"buf-b64":"QUJD")"),
      request("open", R"("path":"@/file","mode":"a")"),
      request("read", R"("handle":1002)"),
      request("open", R"("path":"@/missing","mode":"r")"),
      request("open", R"("path":"@/missing/deep","mode":"w")"),
      request("open", R"("path":"@/file","mode":"rw")"),
      request("open", R"("path":"@/file","mode":"")"),
      request("open", R"("path":"@","mode":"w")"),
      request("open", R"("mode":"w")"),
      request("open", R"("path":"@/file","more":1)"),
      request("read", R"("handle":"x")"),
      request("read", R"("handle":1,"count":1.5)"),
      request("write", R"("handle":1)"),
  };
  for (auto line : conversation) {
    // Each has a folder of its own, with a name of the same length.
    const auto in = [&](const std::string& path) {
      std::string text = line;
      if (const auto at = text.find('@'); at != std::string::npos) text.replace(at, 1, path);
      return text;
    };
    std::string theirs_text = them.request(in(theirs.folder().path()), 5s);
    if (const auto at = theirs_text.find(theirs.folder().path()); at != std::string::npos) {
      theirs_text.replace(at, theirs.folder().path().size(), ours.folder().path());
    }
    EXPECT_EQ(us.request(in(ours.folder().path()), 5s), theirs_text) << "request: " << line;
  }
}

/// Wanted differences from 7.2, so that a change of either side is noticed.
TEST_F(WireDifferential, DiffersFromItWhereItShould) {
  const std::string stray = R"({"execute":"guest-ping"})";
  {
    // A 0xFF is a reset, not an error.
    Agent agent;
    Client client(agent.socket());
    ASSERT_TRUE(client.send("\xFF" + stray));
    EXPECT_EQ(client.read_until_silence(), "{\"return\": {}}\n");
    Agent old(peer());
    Client other(old.socket());
    ASSERT_TRUE(other.send("\xFF" + stray));
    EXPECT_TRUE(other.read_until_silence().starts_with(R"({"error")"));
  }
  {
    // The text of a blocked command is that of 9.1 and later.
    Agent::Options blocked = peer();
    blocked.arguments = {"-b", "guest-ping"};
    EXPECT_TRUE(reply_of(blocked, stray).find("Command guest-ping has been disabled") != std::string::npos);
    blocked.binary = support::agent_binary();
    EXPECT_EQ(reply_of(blocked, stray),
              support::not_found_error("Command guest-ping has been disabled: the command is not allowed"));
  }
  {
    // Strict base64: upstream takes QQ for no bytes at all.
    const auto written = [](Agent::Options options) {
      Agent agent(std::move(options));
      Client client(agent.socket());
      support::open_file(client, "/dev/null", "w");
      return client.request(R"({"execute":"guest-file-write","arguments":{"handle":1000,"buf-b64":"QQ"}})");
    };
    EXPECT_TRUE(written(Agent::Options{}).starts_with(R"({"error")"));
    EXPECT_TRUE(written(peer()).starts_with(R"({"return")"));
  }
}

}  // namespace
}  // namespace guestd
