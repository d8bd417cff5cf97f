// SPDX-License-Identifier: Apache-2.0
// Events of whole.json, from the generated server to the generated client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "generated/whole/events.hpp"
#include "generated/whole_client/events.hpp"

namespace guestd {
namespace {

using protocol::Timestamp;

std::string written(whole::Event event) {
  protocol::JsonWriter out;
  whole::encode_event(std::move(event), out);
  return out.take_text();
}

Result<whole_client::Event> read(std::string_view text) {
  const auto document = protocol::JsonDocument::parse(protocol::Buffer(text));
  if (!document) return document.error();
  return whole_client::decode_event(document->root());
}

std::string error_of(std::string_view text) {
  const auto event = read(text);
  return event ? "" : event.error().text;
}

template <typename T>
T received(whole::Event event) {
  auto result = read(written(std::move(event)));
  EXPECT_TRUE(result) << (result ? "" : result.error().text);
  return std::get<T>(std::move(result).value());
}

TEST(GeneratedEvents, TravelWithDataAndTimestamp) {
  const auto over = received<whole_client::RoundOverEvent>(whole::RoundOverEvent{{3, "n"}, {1700000000, 999999}});
  EXPECT_EQ(over.data.round, 3);
  EXPECT_EQ(over.data.note, "n");
  EXPECT_EQ(over.timestamp, (Timestamp{1700000000, 999999}));
  EXPECT_EQ(whole_client::RoundOverEvent::kName, "ROUND_OVER");
  EXPECT_EQ(received<whole_client::StoppedEvent>(whole::StoppedEvent{{-1, -1}}).timestamp, (Timestamp{-1, -1}));
}

TEST(GeneratedEvents, CarryNamedTypesAndBytes) {
  whole::Tree tree{"root"};
  tree.left = whole::Tree{"left"};
  const auto grew = received<whole_client::TreeGrewEvent>(whole::TreeGrewEvent{tree, {}});
  EXPECT_EQ((*grew.data.left)->name, "left");
  whole::Received bytes;
  bytes.bytes = protocol::ByteStream(std::string("hallo"));
  EXPECT_EQ(received<whole_client::BytesCameEvent>(whole::BytesCameEvent{std::move(bytes), {}}).data.bytes, "hallo");
}

TEST(GeneratedEvents, AreWrittenAsQemuWritesThem) {
  EXPECT_EQ(written(whole::RoundOverEvent{{3, {}}, {1, 2}}),
            R"({"timestamp": {"seconds": 1, "microseconds": 2}, "event": "ROUND_OVER", "data": {"round": 3}})");
  EXPECT_EQ(written(whole::StoppedEvent{{1, 2}}),
            R"({"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOPPED"})");
}

TEST(GeneratedEvents, ThatTheSchemaDoesNotHaveAreHandedOnAsUnknown) {
  const auto event = read(R"({"event": "NEWS", "data": {"a": [1]}, "timestamp": {"seconds": 1, "microseconds": 2}})");
  ASSERT_TRUE(event);
  const auto& unknown = std::get<protocol::UnknownEvent>(*event);
  EXPECT_EQ(unknown.name, "NEWS");
  EXPECT_EQ(unknown.data.text(), R"({"a": [1]})");
  EXPECT_EQ(unknown.timestamp, (Timestamp{1, 2}));
}

TEST(GeneratedEvents, IgnoreMembersThatTheSchemaDoesNotHave) {
  EXPECT_EQ(error_of(R"({"event": "ROUND_OVER", "data": {"round": 1, "more": 2}, "extra": 1,
                         "timestamp": {"seconds": 1, "microseconds": 2, "zone": "UTC"}})"),
            "");
}

TEST(GeneratedEvents, ThatAreMalformedAreNamedInTheError) {
  const std::string time = R"("timestamp": {"seconds": 1, "microseconds": 2})";
  EXPECT_EQ(error_of("{" + time + "}"), "not an event: member 'event' is missing");
  EXPECT_EQ(error_of("{\"event\": 1, " + time + "}"), "Invalid parameter type for 'event', expected: string");
  EXPECT_EQ(error_of(R"({"event": "STOPPED"})"), "Parameter 'timestamp' is missing");
  EXPECT_EQ(error_of(R"({"event": "STOPPED", "timestamp": {"seconds": 1}})"),
            "Parameter 'timestamp.microseconds' is missing");
  EXPECT_EQ(error_of("{\"event\": \"ROUND_OVER\", " + time + "}"), "ROUND_OVER: Parameter 'data.round' is missing");
  EXPECT_EQ(error_of("{\"event\": \"ROUND_OVER\", \"data\": 1, " + time + "}"),
            "ROUND_OVER: Invalid parameter type for 'data', expected: object");
}

TEST(GeneratedEvents, FollowTheirConditions) {
  const auto event = read(R"({"event": "EXTRA_CAME", "data": {"extra": {"level": "low"}},
                              "timestamp": {"seconds": 1, "microseconds": 2}})");
  ASSERT_TRUE(event);
#ifdef WHOLE_EXTRA
  EXPECT_EQ(std::get<whole_client::ExtraCameEvent>(*event).data.extra.level, whole_client::Level::kLow);
#else
  EXPECT_EQ(std::get<protocol::UnknownEvent>(*event).name, "EXTRA_CAME");
#endif
}

}  // namespace
}  // namespace guestd
