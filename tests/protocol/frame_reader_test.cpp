// SPDX-License-Identifier: Apache-2.0
#include "protocol/frame_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.hpp"

namespace guestd::protocol {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Fault = FrameReader::Fault;

// What comes out of `input`: messages as they are, broken ones as "!" and the fault's letter.
std::vector<std::string> frames(FrameReader& reader, std::string_view input) {
  std::vector<std::string> out;
  while (!input.empty()) {
    const auto frame = reader.next(input);
    if (!frame) break;
    switch (frame->fault) {
      case Fault::kNone:
        out.emplace_back(frame->text.view());
        break;
      case Fault::kSyntax:
        out.emplace_back("!syntax");
        break;
      case Fault::kSize:
        out.emplace_back("!size");
        break;
      case Fault::kTokens:
        out.emplace_back("!tokens");
        break;
      case Fault::kDepth:
        out.emplace_back("!depth");
        break;
    }
  }
  EXPECT_TRUE(input.empty()) << "all input is read";
  return out;
}

std::vector<std::string> frames(std::string_view input) {
  FrameReader reader;
  return frames(reader, input);
}

const std::string kPing = R"({"execute":"guest-ping"})";

TEST(FrameReader, CutsMessagesAtTheirBracketsWithAndWithoutNewlines) {
  EXPECT_THAT(frames(kPing + kPing + "\r\n" + kPing + "\n"), ElementsAre(kPing, kPing, kPing));
  EXPECT_THAT(frames(" {\n \"a\": [1, {\"b\": null}]\n}\n"), ElementsAre("{\n \"a\": [1, {\"b\": null}]\n}"));
}

TEST(FrameReader, TakesMessagesByteByByte) {
  FrameReader reader;
  std::vector<std::string> out;
  const std::string text = kPing + " {'a':\"x\\\"}\"} 12 \"s\" ";
  for (const char c : text) {
    for (auto& frame : frames(reader, {&c, 1})) out.push_back(frame);
  }
  EXPECT_THAT(out, ElementsAre(kPing, "{'a':\"x\\\"}\"}", "12", "\"s\""));
}

// ---- large messages, which are read to where they stay

constexpr std::size_t kPiece = 1000;

/// As frames(), read to the room wherever there is some.
std::vector<std::string> frames_by_room(FrameReader& reader, std::string_view input) {
  std::vector<std::string> out;
  while (!input.empty()) {
    const std::size_t length = std::min(input.size(), kPiece);
    std::string rest(input.substr(0, length));
    if (const auto room = reader.room(length); !room.empty()) {
      rest.copy(room.data(), length);
      const auto frame = reader.next_in_room(length, rest);
      if (frame) out.emplace_back(frame->fault == Fault::kNone ? frame->text.view() : "!");
    }
    for (auto& frame : frames(reader, rest)) out.push_back(std::move(frame));
    input.remove_prefix(length);
  }
  return out;
}

TEST(FrameReader, HasRoomOnlyInTheMiddleOfALargeMessage) {
  FrameReader reader;
  EXPECT_TRUE(reader.room(kPiece).empty());
  EXPECT_THAT(frames(reader, "[\"small"), IsEmpty());
  EXPECT_TRUE(reader.room(kPiece).empty());
  EXPECT_THAT(frames(reader, std::string(1 << 20, 'x')), IsEmpty());
  EXPECT_EQ(reader.room(kPiece).size(), kPiece);
  EXPECT_EQ(frames(reader, "\"]").size(), 1U);
  EXPECT_TRUE(reader.room(kPiece).empty());
}

TEST(FrameReader, CutsALargeMessageAndWhatFollowsItFromItsRoom) {
  const std::string large = R"({"a":")" + std::string(1 << 20, 'x') + R"(","b":[1,2]})";
  FrameReader reader;
  const auto out = frames_by_room(reader, large + "\n" + kPing + large + kPing);
  EXPECT_THAT(out, ElementsAre(large, kPing, large, kPing));
}

TEST(FrameReader, DropsALargeMessageAt0xFFInItsRoom) {
  FrameReader reader;
  EXPECT_THAT(frames_by_room(reader, "[\"" + std::string(1 << 20, 'x') + "\xFF" + kPing), ElementsAre(kPing));
  EXPECT_FALSE(reader.has_partial());
}

TEST(FrameReader, ReportsALargeMessageThatBreaksInItsRoomOnce) {
  FrameReader reader;
  const auto out = frames_by_room(reader, "[\"" + std::string(1 << 20, 'x') + "\"}\n" + kPing);
  EXPECT_THAT(out, ElementsAre("!", kPing));
}

TEST(FrameReader, BoundsAMessageInItsRoom) {
  FrameReader reader;
  const std::string piece(1 << 20, 'x');
  EXPECT_THAT(frames(reader, "[\"" + piece), IsEmpty());
  std::string rest;
  std::size_t faults = 0;
  for (std::size_t sent = 0; sent < 2 * limits::kMessageBytes; sent += piece.size()) {
    const auto room = reader.room(piece.size());
    if (room.empty()) {
      EXPECT_THAT(frames(reader, piece), IsEmpty());
    } else {
      piece.copy(room.data(), room.size());
      const auto frame = reader.next_in_room(piece.size(), rest);
      if (frame && frame->fault == Fault::kSize) ++faults;
    }
  }
  EXPECT_EQ(faults, 1U);
}

TEST(FrameReader, IgnoresBracketsAndQuotesInsideStrings) {
  const std::string text = R"({"a":"}{][\"'","b":'"}\''})";
  EXPECT_THAT(frames(text), ElementsAre(text));
}

TEST(FrameReader, DropsAPartialMessageAt0xFFWithoutAWord) {
  EXPECT_THAT(frames("{\"execute\":\"gue\xFF" + kPing), ElementsAre(kPing));
  EXPECT_THAT(frames("{\"a\":[1,\xFF\xFF\xFF" + kPing), ElementsAre(kPing));
  EXPECT_THAT(frames("\xFF" + kPing), ElementsAre(kPing));
}

TEST(FrameReader, ReportsABrokenMessageOnceAsSoonAsItIsCertain) {
  EXPECT_THAT(frames(R"({"a":[})"), ElementsAre("!syntax"));
  EXPECT_THAT(frames(R"({"a" "b"})"), ElementsAre("!syntax"));
  EXPECT_THAT(frames(R"({"a":1,})"), ElementsAre("!syntax"));
  EXPECT_THAT(frames(R"([1,])"), ElementsAre("!syntax"));
  EXPECT_THAT(frames("{\"a\":\"line\nbreak\"}\n"), ElementsAre("!syntax"));
  EXPECT_THAT(frames("}"), ElementsAre("!syntax"));
}

TEST(FrameReader, GoesOnBehindTheBracketsOfABrokenMessage) {
  EXPECT_THAT(frames(R"({"execute":})" + kPing), ElementsAre("!syntax", kPing));
  EXPECT_THAT(frames(R"({"a":[1 2, {"b":[]}]} {"c":1})"), ElementsAre("!syntax", R"({"c":1})"));
}

TEST(FrameReader, GoesOnAtTheNextLineAfterGarbage) {
  EXPECT_THAT(frames("foo bar \"baz %%% \n" + kPing), ElementsAre("!syntax", kPing));
  EXPECT_THAT(frames("{\"a\":\x01 garbage } ] , :\n" + kPing), ElementsAre("!syntax", kPing));
}

TEST(FrameReader, ReportsTenThousandBadBytesOnce) {
  EXPECT_THAT(frames("{\"execute\": " + std::string(10000, '@') + "}\n" + kPing), ElementsAre("!syntax", kPing));
  EXPECT_THAT(frames(std::string(10000, '\x01') + "\n" + kPing), ElementsAre("!syntax", kPing));
  EXPECT_THAT(frames(std::string(10000, '}') + "\n" + kPing), ElementsAre("!syntax", kPing));
}

TEST(FrameReader, FindsTheRequestBehindTheTorsoOfAnotherOnTheSameLine) {
  const std::string sync = R"({"execute":"guest-sync-delimited","arguments":{"id":7}})";
  const std::string next = sync + "\n" + kPing + "\n";
  for (const std::string torso : {R"({"execute":"guest-fi)", R"({"execute":"guest-ping","arguments":{)",
                                  R"({"execute":"a","arguments":{"handle":10)", R"({"exec)", R"({)", R"({"a":[1,2)",
                                  R"({"execute":"a","arguments":{"buf-b64":"QUFB)"}) {
    EXPECT_THAT(frames(torso + next), ElementsAre("!syntax", sync, kPing)) << torso;
  }
}

TEST(FrameReader, FindsTheNextLineBehindATorsoThatTookARequestForItsValue) {
  const std::string sync = R"({"execute":"guest-sync","arguments":{"id":7}})";
  EXPECT_THAT(frames(R"({"execute":)" + sync + "\n" + kPing + "\n"), ElementsAre("!syntax", kPing));
}

TEST(FrameReader, GivesEachBrokenRequestOnALineOfItsOwnAnError) {
  EXPECT_THAT(frames("{\"execute\":}\n{\"execute\":]}\n" + kPing), ElementsAre("!syntax", "!syntax", kPing));
  EXPECT_THAT(frames("{\"a\":\n{\"b\" 1}\n" + kPing), ElementsAre("!syntax", kPing));
}

TEST(FrameReader, EndsABrokenMessageWhereItsOwnBracketsEnd) {
  EXPECT_THAT(frames(R"({"a":[}{"b":1})"), ElementsAre("!syntax", R"({"b":1})"));
  EXPECT_THAT(frames(R"({"a":]}{"b":1})"), ElementsAre("!syntax", R"({"b":1})"));
  EXPECT_THAT(frames(R"({"a":{"b":[1,{"c" 2]}]}{"d":1})"), ElementsAre("!syntax", R"({"d":1})"));
}

TEST(FrameReader, AcceptsExactlyTheDepthLimit) {
  const std::string good = std::string(1024, '[') + std::string(1024, ']');
  EXPECT_THAT(frames(good), ElementsAre(good));
  EXPECT_THAT(frames(std::string(1025, '[') + std::string(1025, ']') + kPing), ElementsAre("!depth", kPing));
}

TEST(FrameReader, SurvivesAMillionOpenBrackets) {
  EXPECT_THAT(frames(std::string(1000000, '[') + "\n" + kPing), ElementsAre("!depth", kPing));
}

TEST(FrameReader, LimitsTheNumberOfTokens) {
  std::string many = "[";
  for (std::size_t i = 0; i < limits::kMessageTokens; ++i) many += "1,";
  EXPECT_THAT(frames(many + "1]\n" + kPing), ElementsAre("!tokens", kPing));
}

TEST(FrameReader, LimitsTheSizeOfAMessageAndKeepsNothingOfTheRest) {
  FrameReader reader;
  EXPECT_THAT(frames(reader, "{\"a\":\""), IsEmpty());
  const std::string piece(1 << 20, 'x');
  std::vector<std::string> out;
  for (int i = 0; i < 100; ++i) {
    for (auto& frame : frames(reader, piece)) out.push_back(frame);
  }
  EXPECT_THAT(out, ElementsAre("!size"));
  EXPECT_FALSE(reader.has_partial());
  EXPECT_THAT(frames(reader, "\"}" + kPing), ElementsAre(kPing));
}

TEST(FrameReader, RunsNothingThatIsQuotedInAMessageThatIsTooLarge) {
  FrameReader reader;
  EXPECT_THAT(frames(reader, "{'a':'" + std::string(limits::kMessageBytes, 'x')), ElementsAre("!size"));
  EXPECT_THAT(frames(reader, R"({"execute":"guest-shutdown"}')" + std::string("}") + kPing), ElementsAre(kPing));
}

TEST(FrameReader, ForgetsEverythingOnReset) {
  FrameReader reader;
  EXPECT_THAT(frames(reader, R"({"execute":"guest-)"), IsEmpty());
  EXPECT_TRUE(reader.has_partial());
  reader.reset();
  EXPECT_FALSE(reader.has_partial());
  EXPECT_THAT(frames(reader, kPing), ElementsAre(kPing));
}

TEST(FrameReader, TakesEveryCutOfTheSameInputForTheSame) {
  const std::string input =
      kPing + "{\"a\":[}\xFF{'x':\"\\\"}\"} tru {\"execute\":\"gu{\"execute\":\"guest-ping\"}\n" + kPing;
  const auto whole = frames(input);
  for (std::size_t first = 1; first < input.size(); ++first) {
    FrameReader reader;
    auto parts = frames(reader, std::string_view(input).substr(0, first));
    for (auto& frame : frames(reader, std::string_view(input).substr(first))) parts.push_back(frame);
    EXPECT_EQ(parts, whole) << "cut at " << first;
  }
}

}  // namespace
}  // namespace guestd::protocol
