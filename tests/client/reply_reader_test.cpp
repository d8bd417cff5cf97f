// SPDX-License-Identifier: Apache-2.0
#include "client/lib/reply_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "protocol/call.hpp"

namespace guestd::client {
namespace {

std::string read_one(ReplyReader& reader, std::string_view& input) {
  auto message = reader.next(input);
  if (!message) return "nothing";
  if (!*message) return "error: " + message->error().text;
  return protocol::returned(**message) ? "return" : "other";
}

std::string read_one(std::string_view input) {
  ReplyReader reader;
  return read_one(reader, input);
}

TEST(ReplyReader, PutsPiecesTogether) {
  ReplyReader reader;
  std::string_view first = "{\"return\": ";
  EXPECT_EQ(read_one(reader, first), "nothing");
  EXPECT_TRUE(reader.has_partial());
  std::string_view second = "1}\n";
  EXPECT_EQ(read_one(reader, second), "return");
}

TEST(ReplyReader, DropsWhatIsPartialBeforeTheSentinel) {
  ReplyReader reader;
  std::string_view input = "{\"return\": [1, 2\xff{\"return\": 3}\n";
  EXPECT_EQ(read_one(reader, input), "return");
}

TEST(ReplyReader, RefusesWhatIsNestedTooDeeply) {
  const std::string deep = "{\"return\": " + std::string(2000, '[');
  EXPECT_NE(read_one(deep).find("nested too deeply"), std::string::npos);
}

TEST(ReplyReader, RefusesAMessageThatNeverEnds) {
  ReplyReader reader;
  std::string_view start = "{\"return\": \"";
  EXPECT_EQ(read_one(reader, start), "nothing");
  const std::string piece(1U << 20U, 'x');
  std::string outcome = "nothing";
  for (int megabytes = 0; megabytes < 70 && outcome == "nothing"; ++megabytes) {
    std::string_view more = piece;
    outcome = read_one(reader, more);
  }
  EXPECT_NE(outcome.find("larger than 64 MiB"), std::string::npos) << outcome;
}

TEST(ReplyReader, TellsWhatIsNoJson) {
  EXPECT_EQ(read_one("{\"return\": nonsense}").substr(0, 6), "error:");
  EXPECT_EQ(read_one("{\"return\": \"\xc3(\"}").substr(0, 6), "error:");
}

}  // namespace
}  // namespace guestd::client
