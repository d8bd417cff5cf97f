// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/agent.hpp"
#include "tests/support/client.hpp"

/// Hostile bytes against a whole agent. After each of them the next request must be answered.
namespace guestd {
namespace {

using namespace std::chrono_literals;
using support::Agent;
using support::Client;

constexpr long kMemoryKib = 120L * 1024;

class SurvivalInput : public testing::Test {
 protected:
  /// Whether everything in `replies` is error lines; how many there are.
  static std::size_t error_lines(const std::string& replies) {
    const auto lines = static_cast<std::size_t>(std::count(replies.begin(), replies.end(), '\n'));
    std::size_t errors = 0;
    for (std::size_t at = 0; at < replies.size(); at = replies.find('\n', at) + 1) {
      if (std::string_view(replies).substr(at).starts_with(R"({"error": )")) ++errors;
      if (replies.find('\n', at) == std::string::npos) break;
    }
    EXPECT_EQ(errors, lines) << replies.substr(0, 2000);
    return errors;
  }

  /// 0xFF and sync-delimited find a way out of any state.
  void expect_alive(Client& client) {
    ASSERT_TRUE(client.send("\xFF{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":77}}\n"));
    for (;;) {
      const std::string line = client.read_line();
      ASSERT_TRUE(line.ends_with('\n')) << "no reply; the agent " << (agent_.process().is_running() ? "runs" : "ended");
      if (line == "\xFF{\"return\": 77}\n") return;
    }
  }

  void expect_bounded_memory() {
    if (support::kSanitized) return;
    EXPECT_LT(support::memory_of(agent_.pid()).peak_kib, kMemoryKib);
  }

  Agent agent_;
  Client client_{agent_.socket()};
};

std::string random_bytes(std::size_t count, unsigned seed, bool with_0xff) {
  std::minstd_rand generator(seed);
  std::string bytes(count, '\0');
  for (char& byte : bytes) {
    const auto value = (generator() >> 8U) % (with_0xff ? 256 : 255);
    byte = static_cast<char>(value);
  }
  return bytes;
}

/// Random bytes that look like the protocol, so that they get further than the first token.
std::string random_tokens(std::size_t count, unsigned seed) {
  constexpr std::string_view kTokens[] = {
      "{", "}", "[", "]",    ":",    ",",  "\"", "'",      "\\",   "\"execute\"", "\"guest-ping\"", "\"arguments\"",
      "1", "-", "e", "true", "null", "\n", " ",  "\"id\"", "\xC3", "\\u",         "D800",           "\t",
      "0"};
  std::minstd_rand generator(seed);
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += kTokens[(generator() >> 8U) % std::size(kTokens)];
  return text;
}

TEST_F(SurvivalInput, OutlivesRandomBytes) {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    Client each(agent_.socket());
    each.send_while_taken(random_bytes(1 << 20U, seed, seed % 2 == 0), 2s);
    each.read_until_silence();
    expect_alive(each);
  }
  expect_bounded_memory();
}

TEST_F(SurvivalInput, OutlivesRandomTokens) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Client each(agent_.socket());
    each.send_while_taken(random_tokens(5000, seed), 2s);
    each.read_until_silence(50ms);
    expect_alive(each);
  }
}

TEST_F(SurvivalInput, AnswersAMillionOpenBracketsWithOneError) {
  ASSERT_TRUE(client_.send(std::string(1000000, '[')));
  const std::string replies = client_.read_until_silence();
  EXPECT_EQ(replies, support::generic_error("JSON nesting depth limit exceeded") + "\n");
  expect_alive(client_);
  expect_bounded_memory();
}

TEST_F(SurvivalInput, AcceptsADepthOf1024AndRefuses1025) {
  const auto nested = [](std::size_t depth) {
    return R"({"execute":"guest-ping","id":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(client_.request(nested(1023)).starts_with(R"({"return": {}, "id": [)"));
  EXPECT_EQ(client_.request(nested(1024)), support::generic_error("JSON nesting depth limit exceeded"));
  expect_alive(client_);
}

TEST_F(SurvivalInput, AnswersAStringThatNeverEndsWithOneErrorAndBoundedMemory) {
  ASSERT_TRUE(client_.send(R"({"execute":"guest-file-write","arguments":{"handle":1000,"buf-b64":")"));
  const std::string piece(1 << 20U, 'A');
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(client_.send(piece)) << "after " << i << " MiB";
  EXPECT_EQ(client_.read_until_silence(), support::generic_error("JSON token size limit exceeded") + "\n");
  expect_bounded_memory();
  expect_alive(client_);
}

TEST_F(SurvivalInput, UnderstandsTheNextLineAfterAnEndlessString) {
  ASSERT_TRUE(client_.send("{\"execute\":\""));
  const std::string piece(1 << 20U, 'A');
  for (int i = 0; i < 70; ++i) ASSERT_TRUE(client_.send(piece));
  ASSERT_TRUE(client_.send("\"}\n{\"execute\":\"guest-ping\"}\n"));
  EXPECT_EQ(client_.read_until_silence(),
            support::generic_error("JSON token size limit exceeded") + "\n{\"return\": {}}\n");
}

TEST_F(SurvivalInput, AnswersTenThousandBadBytesInOneMessageWithOneError) {
  for (const char bad : {'$', '#', '\x80', '\xFE'}) {
    Client each(agent_.socket());
    ASSERT_TRUE(each.send("{\"execute\":" + std::string(10000, bad) + "}\n"));
    const std::string replies = each.read_until_silence();
    EXPECT_EQ(error_lines(replies), 1U) << int{bad};
    expect_alive(each);
  }
}

TEST_F(SurvivalInput, AnswersTooManyTokensWithOneError) {
  std::string request = R"({"execute":"guest-ping","id":[)";
  for (int i = 0; i < (1 << 21); ++i) request += "1,";
  ASSERT_TRUE(client_.send(request + "1]}\n"));
  EXPECT_EQ(client_.read_line(), support::generic_error("JSON token count limit exceeded") + "\n");
  expect_alive(client_);
}

TEST_F(SurvivalInput, DropsHalfMessagesOfClientsThatLeave) {
  const std::string request = R"({"execute":"guest-file-open","arguments":{"path":"/dev/null","mode":"r"}})";
  for (std::size_t length = 1; length < request.size(); length += 3) {
    Client each(agent_.socket());
    ASSERT_TRUE(each.send(request.substr(0, length)));
    each.close();
    Client next(agent_.socket());
    ASSERT_TRUE(next.sync()) << "after " << length << " bytes";
  }
}

TEST_F(SurvivalInput, RefusesInvalidUtf8) {
  for (const char* bad : {"\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\x80", "\xE2\x82"}) {
    Client each(agent_.socket());
    ASSERT_TRUE(each.send("{\"execute\":\"guest-ping\",\"id\":\"" + std::string(bad) + "\"}\n"));
    EXPECT_EQ(error_lines(each.read_until_silence(50ms)), 1U) << bad;
    expect_alive(each);
  }
}

TEST_F(SurvivalInput, RefusesMalformedBase64AndWritesNothing) {
  const std::string path = agent_.folder().file("target");
  const auto handle = support::open_file(client_, path, "w");
  const std::string prefix =
      R"({"execute":"guest-file-write","arguments":{"handle":)" + std::to_string(handle) + R"(,"buf-b64":")";
  for (const char* bad : {"Q", "QQ", "QQ=", "QUJD=QUJD", "Q===", "====", "QUJ D", "QUJ-", "QUJ_", "QU==QUJD",
                          "QUJD=", "QR==", "QUK\\u0000", "\\u00e4", "QUJD\\tQUJD"}) {
    const std::string reply = client_.request(prefix + bad + "\"}}");
    EXPECT_TRUE(reply.starts_with(R"({"error": {"class": "GenericError")")) << bad << ": " << reply;
  }
  EXPECT_EQ(client_.request(prefix + "QUJD\\nREVG\\r\\n\"}}"), R"({"return": {"count": 6, "eof": false}})");
  EXPECT_EQ(client_.request(prefix + "\"}}"), R"({"return": {"count": 0, "eof": false}})");
  client_.request(R"({"execute":"guest-file-close","arguments":{"handle":)" + std::to_string(handle) + "}}");
  EXPECT_EQ(support::slurp(path), "ABCDEF");
}

TEST_F(SurvivalInput, TakesAnUnknownCommandNameOfAMegabyte) {
  const std::string reply = client_.request(R"({"execute":")" + std::string(1 << 20U, 'x') + "\"}");
  EXPECT_TRUE(reply.starts_with(R"({"error": {"class": "CommandNotFound")")) << reply.substr(0, 100);
  expect_alive(client_);
}

TEST_F(SurvivalInput, EchoesALargeIdAndRefusesOneThatIsTooLarge) {
  const std::string id(60000, 'x');
  EXPECT_EQ(client_.request(R"({"execute":"guest-ping","id":")" + id + "\"}"),
            R"({"return": {}, "id": ")" + id + "\"}");
  const std::string huge(32 << 20, '\x7F');
  EXPECT_EQ(client_.request(R"({"execute":"guest-ping","id":")" + huge + "\"}"),
            support::generic_error("QMP input member 'id' is too large"));
}

TEST_F(SurvivalInput, ComparesAHundredThousandKeysWithoutGoingDeaf) {
  std::string request = R"({"execute":"guest-ping","id":{)";
  for (int i = 0; i < 100000; ++i) request += "\"key" + std::to_string(i) + "\":1,";
  request += "\"key0\":1}}";
  EXPECT_EQ(client_.request(request), support::generic_error("JSON parse error, duplicate key"));
  expect_alive(client_);
}

}  // namespace
}  // namespace guestd
