// SPDX-License-Identifier: Apache-2.0
#include "protocol/request.hpp"

#include <gtest/gtest.h>

#include <string>

#include "protocol/reply.hpp"

namespace guestd::protocol {
namespace {

// The error that the text provokes, as it would be sent, or "ok".
std::string answer(std::string_view text) {
  FrameReader frames;
  JsonParser parser;
  auto frame = frames.next(text);
  if (!frame) return "no frame";
  const auto request = read_request(std::move(*frame), parser);
  JsonWriter out;
  if (!request) {
    write_error(out, request.error(), std::nullopt);
  } else if ((*request)->error) {
    write_error(out, *(*request)->error, (*request)->id);
  } else {
    return "ok";
  }
  return out.take_text();
}

std::string generic(std::string_view desc, std::string_view id = "") {
  return "{" + (id.empty() ? "" : "\"id\": " + std::string(id) + ", ") +
         R"("error": {"class": "GenericError", "desc": ")" + std::string(desc) + "\"}}\n";
}

TEST(Request, ReadsTheEnvelope) {
  FrameReader frames;
  JsonParser parser;
  std::string_view text = R"({"id": [1], "arguments": {"handle": 1000}, "execute": "guest-file-close"})";
  const auto request = read_request(*frames.next(text), parser);
  ASSERT_TRUE(request);
  EXPECT_EQ((*request)->command, "guest-file-close");
  ASSERT_TRUE((*request)->arguments);
  EXPECT_EQ((*request)->arguments->find("handle")->as_int(), 1000);
  EXPECT_TRUE((*request)->id);
  EXPECT_FALSE((*request)->error);
}

TEST(Request, NamesWhatIsWrongWithTheEnvelope) {
  EXPECT_EQ(answer("[1]"), generic("QMP input must be a JSON object"));
  EXPECT_EQ(answer("\"guest-ping\""), generic("QMP input must be a JSON object"));
  EXPECT_EQ(answer("{}"), generic("QMP input lacks member 'execute'"));
  EXPECT_EQ(answer(R"({"execute":1})"), generic("QMP input member 'execute' must be a string"));
  EXPECT_EQ(answer(R"({"execute":"a","arguments":null})"), generic("QMP input member 'arguments' must be an object"));
  EXPECT_EQ(answer(R"({"execute":"a","arguments":[]})"), generic("QMP input member 'arguments' must be an object"));
  EXPECT_EQ(answer(R"({"execute":"a","x":1})"), generic("QMP input member 'x' is unexpected"));
  EXPECT_EQ(answer(R"({"exec-oob":"a"})"), generic("QMP input member 'exec-oob' is unexpected"));
  EXPECT_EQ(answer(R"({"x":1,"execute":2})"), generic("QMP input member 'x' is unexpected"));
}

TEST(Request, EchoesAnIdOfAnyTypeInErrorsAboutTheEnvelope) {
  for (const char* id : {"1", "\"a\"", "null", "true", "[1, {\"b\": 2.5}]", "{}", "18446744073709551615"}) {
    EXPECT_EQ(answer(std::string(R"({"execute":1,"id":)") + id + "}"),
              generic("QMP input member 'execute' must be a string", id));
  }
}

TEST(Request, ExplainsBrokenFrames) {
  EXPECT_EQ(answer(R"({"a":[})"), generic("JSON parse error, expecting value"));
  EXPECT_EQ(answer(R"({"execute" "a"})"), generic("JSON parse error, missing : in object pair"));
  EXPECT_EQ(answer(R"({"execute":"a" 'id':1})"), generic("JSON parse error, expected separator in dict"));
  EXPECT_EQ(answer("foo\n"), generic("JSON parse error, invalid keyword 'foo'"));
  EXPECT_EQ(answer("\x1B"), generic("JSON parse error, stray '\\u001B'"));
  EXPECT_EQ(answer(std::string(2000, '[')), generic("JSON nesting depth limit exceeded"));
}

TEST(Request, RefusesAnIdThatIsTooLargeToBeRepeatedEverywhere) {
  const std::string large(100000, 'x');
  EXPECT_EQ(answer(R"({"execute":1,"id":")" + large + "\"}"), generic("QMP input member 'id' is too large"));
  std::string many = "[0";
  for (int i = 0; i < 5000; ++i) many += ",0";
  EXPECT_EQ(answer(R"({"execute":"a","id":)" + many + "]}"), generic("QMP input member 'id' is too large"));
  EXPECT_EQ(answer(R"({"execute":"a","id":")" + large.substr(0, 60000) + "\"}"), "ok");
}

TEST(Request, ShowsABadTokenUpToItsFirstNul) {
  EXPECT_EQ(answer(std::string_view("\0", 1)), generic("JSON parse error, stray ''"));
}

TEST(Request, RepeatsOnlyTheBeginningOfALongName) {
  EXPECT_LT(answer("{\"" + std::string(100000, 'n') + "\": 1}").size(), 1200U);
}

}  // namespace
}  // namespace guestd::protocol
