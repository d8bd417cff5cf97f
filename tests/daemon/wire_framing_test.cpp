// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/support/agent.hpp"
#include "tests/support/client.hpp"

/// The stream of the protocol against a whole agent: where a request begins and ends, and what a reply looks like.
namespace guestd {
namespace {

using namespace std::chrono_literals;
using support::Agent;
using support::Client;

constexpr std::string_view kPing = R"({"execute":"guest-ping"})";
constexpr std::string_view kEmpty = "{\"return\": {}}\n";

class WireFraming : public testing::Test {
 protected:
  Agent agent_;
  Client client_{agent_.socket()};
};

TEST_F(WireFraming, AnswersPingByteForByteAsVfkitComparesIt) {
  ASSERT_TRUE(client_.send(std::string(kPing) + "\n"));
  EXPECT_EQ(client_.read_until_silence(), kEmpty);
}

TEST_F(WireFraming, NeedsNoNewlineBehindARequest) {
  ASSERT_TRUE(client_.send(kPing));
  EXPECT_EQ(client_.read_line(), kEmpty);
}

TEST_F(WireFraming, ToleratesCarriageReturns) {
  ASSERT_TRUE(client_.send(std::string(kPing) + "\r\n" + std::string(kPing) + "\r\n"));
  EXPECT_EQ(client_.read_until_silence(), std::string(kEmpty) + std::string(kEmpty));
}

TEST_F(WireFraming, ToleratesBlankLinesAndBlanksBetweenRequests) {
  ASSERT_TRUE(client_.send("\n\n \t\r\n" + std::string(kPing) + "   \n\n\n"));
  EXPECT_EQ(client_.read_until_silence(), kEmpty);
}

TEST_F(WireFraming, AcceptsARequestOverSeveralLines) {
  ASSERT_TRUE(client_.send("{\n  \"execute\":\n    \"guest-sync\",\n  \"arguments\": {\n    \"id\": 7\n  }\n}\n"));
  EXPECT_EQ(client_.read_line(), "{\"return\": 7}\n");
}

TEST_F(WireFraming, AcceptsARequestByteByByte) {
  const std::string request = "{\"execute\":\"guest-sync\",\"arguments\":{\"id\":123456789}}\n";
  for (const char byte : request) {
    ASSERT_TRUE(client_.send(std::string(1, byte)));
    support::sleep_for(1ms);
  }
  EXPECT_EQ(client_.read_line(), "{\"return\": 123456789}\n");
}

TEST_F(WireFraming, AnswersManyRequestsOfOneWriteInOrder) {
  std::string requests;
  std::string replies;
  for (int i = 0; i < 50; ++i) {
    // Not sync, which would drop what was queued before it.
    requests += R"({"execute":"guest-ping","id":)" + std::to_string(i) + "}";
    replies += R"({"return": {}, "id": )" + std::to_string(i) + "}\n";
  }
  ASSERT_TRUE(client_.send(requests));
  EXPECT_EQ(client_.read_until_silence(), replies);
}

TEST_F(WireFraming, AnswersThousandsOfPipelinedRequestsInOrder) {
  constexpr int kCount = 5000;
  std::string requests;
  for (int i = 0; i < kCount; ++i) requests += R"({"execute":"guest-ping","id":)" + std::to_string(i) + "}\n";
  ASSERT_TRUE(client_.send(requests));
  for (int i = 0; i < kCount; ++i) {
    ASSERT_EQ(client_.read_line(), R"({"return": {}, "id": )" + std::to_string(i) + "}\n");
  }
}

TEST_F(WireFraming, AcceptsSingleQuotedStrings) {
  EXPECT_EQ(client_.request("{'execute':'guest-ping','arguments':{}}"), R"({"return": {}})");
  EXPECT_EQ(client_.request(R"({'execute':'guest-ping','id':'it\'s "me"'})"), R"({"return": {}, "id": "it's \"me\""})");
}

TEST_F(WireFraming, IgnoresBracesAndQuotesInsideStrings) {
  EXPECT_EQ(client_.request(R"({"execute":"guest-ping","id":"}]{[ ' \" \\"})"),
            R"({"return": {}, "id": "}]{[ ' \" \\"})");
}

TEST_F(WireFraming, KeepsSixtyFourBitIntegersExact) {
  for (const char* number : {"9223372036854775807", "-9223372036854775808", "1712345678901", "0", "-1"}) {
    const std::string text(number);
    EXPECT_EQ(client_.request(R"({"execute":"guest-sync","arguments":{"id":)" + text + "}}"),
              R"({"return": )" + text + "}");
  }
  EXPECT_EQ(client_.request(R"({"execute":"guest-ping","id":18446744073709551615})"),
            R"({"return": {}, "id": 18446744073709551615})");
}

TEST_F(WireFraming, EchoesAnIdOfAnyType) {
  const std::pair<const char*, const char*> ids[] = {
      {"null", "null"},
      {"true", "true"},
      {"-5", "-5"},
      {"0.1", "0.10000000000000001"},
      {"1E5", "100000"},
      {"\"text\"", "\"text\""},
      {"[]", "[]"},
      {"{}", "{}"},
      {"[1,[2,{}]]", "[1, [2, {}]]"},
      {R"({"a":{"b":[null,false]}})", R"({"a": {"b": [null, false]}})"},
  };
  for (const auto& [sent, echoed] : ids) {
    EXPECT_EQ(client_.request(R"({"execute":"guest-ping","id":)" + std::string(sent) + "}"),
              R"({"return": {}, "id": )" + std::string(echoed) + "}");
  }
}

TEST_F(WireFraming, PutsTheIdFirstInAnError) {
  EXPECT_EQ(client_.request(R"({"execute":"guest-nothing","id":[1]})"),
            R"({"id": [1], "error": {"class": "CommandNotFound", "desc": )"
            R"("The command guest-nothing has not been found"}})");
  EXPECT_EQ(client_.request(R"({"id":"x"})"),
            R"({"id": "x", "error": {"class": "GenericError", "desc": "QMP input lacks member 'execute'"}})");
}

TEST_F(WireFraming, NeverSendsAnIdThatIsNotJson) {
  const std::string reply = client_.request(R"({"execute":"guest-ping","id":1e400})");
  EXPECT_TRUE(reply.starts_with(R"({"return": {}, "id": )") || reply.starts_with(R"({"error": )")) << reply;
  EXPECT_EQ(reply.find("inf"), std::string::npos);
}

TEST_F(WireFraming, WritesStringsAsAsciiWithUpperCaseEscapes) {
  EXPECT_EQ(client_.request("{\"execute\":\"guest-ping\",\"id\":\"ä€\U0001F600\x7F/\"}"),
            R"({"return": {}, "id": "\u00E4\u20AC\uD83D\uDE00\u007F/"})");
  EXPECT_EQ(client_.request(R"({"execute":"guest-ping","id":"\b\f\n\r\t\u0001\u00e4"})"),
            R"({"return": {}, "id": "\b\f\n\r\t\u0001\u00E4"})");
}

TEST_F(WireFraming, KeepsNulInAStringAsAnEscape) {
  EXPECT_EQ(client_.request(std::string("{\"execute\":\"guest-ping\",\"id\":\"a\xC0\x80") + "b\"}"),
            R"({"return": {}, "id": "a\u0000b"})");
}

TEST_F(WireFraming, DropsAPartialMessageSilentlyAt0xFF) {
  ASSERT_TRUE(client_.send("{\"execute\":\"guest-file-re\xFF"));
  EXPECT_EQ(client_.read_until_silence(), "");
  ASSERT_TRUE(client_.send("\xFF\xFF\xFF" + std::string(kPing)));
  EXPECT_EQ(client_.read_until_silence(), kEmpty);
}

TEST_F(WireFraming, DropsEverythingBefore0xFFWithinOneWrite) {
  ASSERT_TRUE(
      client_.send("{\"a\":[[[[{\"b\":\"\xFF{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":5}}\n"));
  EXPECT_EQ(client_.read_until_silence(), "\xFF{\"return\": 5}\n");
}

TEST_F(WireFraming, Sends0xFFBeforeTheReplyOfSyncDelimitedOnly) {
  ASSERT_TRUE(client_.send(R"({"execute":"guest-sync-delimited"}{"execute":"guest-sync","arguments":{"id":1}})"
                           R"({"execute":"guest-sync-delimited","arguments":{"id":2}}{"execute":"guest-ping"})"));
  const std::string replies = client_.read_until_silence();
  EXPECT_TRUE(replies.ends_with("\xFF{\"return\": 2}\n{\"return\": {}}\n")) << replies;
  EXPECT_EQ(replies.find('\xFF'), replies.rfind('\xFF'));
}

TEST_F(WireFraming, ResetsAtARawControlByteWithAtMostOneError) {
  for (const char byte : {'\0', '\x1B', '\x01', '\x08'}) {
    ASSERT_TRUE(client_.send("{\"execute\":" + std::string(1, byte) + std::string(kPing) + "\n"));
    const std::string replies = client_.read_until_silence();
    const std::string error = replies.substr(0, replies.size() - std::min(replies.size(), kEmpty.size()));
    EXPECT_TRUE(replies.ends_with(kEmpty)) << int{byte} << ": " << replies;
    EXPECT_TRUE(error.empty() || (error.starts_with("{\"error\": ") && error.find('\n') == error.size() - 1)) << error;
  }
}

TEST_F(WireFraming, StartsAfreshOnEveryConnection) {
  ASSERT_TRUE(client_.send(R"({"execute":"guest-file-open","arguments":{"path":")"));
  support::sleep_for(50ms);
  client_.close();
  Client next(agent_.socket());
  ASSERT_TRUE(next.send(kPing));
  EXPECT_EQ(next.read_until_silence(), kEmpty);
}

}  // namespace
}  // namespace guestd
