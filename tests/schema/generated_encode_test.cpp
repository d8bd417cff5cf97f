// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/schema/tiny_agent.hpp"

namespace guestd::tiny {
namespace {

using protocol::ByteStream;

/// Collects the pieces of a reply; gives up after `limit` of them.
class Host : public protocol::ReplySink {
 public:
  explicit Host(std::size_t limit = SIZE_MAX) : limit_(limit) {}
  bool take(std::string& piece) override {
    largest = std::max(largest, piece.size());
    text += piece;
    piece.clear();
    return ++pieces < limit_;
  }

  std::string text;
  std::size_t pieces = 0;
  std::size_t largest = 0;

 private:
  std::size_t limit_;
};

/// `total` bytes 'a', and how many were taken.
ByteStream stream(std::size_t total, std::size_t& taken) {
  return ByteStream([total, &taken](std::span<std::byte> piece) {
    const auto filled = std::min(piece.size(), total - taken);
    std::fill_n(piece.begin(), filled, std::byte{'a'});
    taken += filled;
    return filled;
  });
}

TEST(GeneratedEncoder, LeavesOutWhatIsAbsent) {
  commands::Context context;
  EXPECT_EQ(call(context, "guest-put", R"({"boxes": [{"name": "n", "size": 7}]})"), R"({"name": "n", "size": 7})");
}

TEST(GeneratedEncoder, WritesNestedValuesInQemuGasOrder) {
  commands::Context context;
  const auto text = call(context, "guest-put",
                         R"({"boxes": [{"name": "n", "size": -1, "colors": ["blue", "dark-green"], "inner":
                         {"name": "i"}}]})");
  EXPECT_EQ(text, R"({"inner": {"name": "i"}, "name": "n", "colors": ["blue", "dark-green"], )"
                  R"("size": 18446744073709551615})");
}

TEST(GeneratedEncoder, WritesTheBranchOfAUnion) {
  commands::Context context;
  context.shapes = {
      {Color::kRed, true, Round{0.5}}, {Color::kDarkGreen, false, Long{9, "x"}}, {Color::kBlue, true, {}}};
  const auto text = call(context, "guest-draw", R"({"color": "blue", "visible": true})");
  EXPECT_EQ(text, R"([{"radius": 0.5, "color": "red", "visible": true}, )"
                  R"({"length": 9, "color": "dark-green", "visible": false, "note": "x"}, )"
                  R"({"color": "blue", "visible": true}])");
}

TEST(GeneratedEncoder, WritesEachFormOfAnAlternate) {
  commands::Context context;
  context.where = std::int64_t{-3};
  EXPECT_EQ(call(context, "guest-nothing-else", ""), "-3");
  context.where = Color::kDarkGreen;
  EXPECT_EQ(call(context, "guest-nothing-else", ""), R"("dark-green")");
  context.where = Named{"x"};
  EXPECT_EQ(call(context, "guest-nothing-else", ""), R"({"name": "x"})");
  context.where = nullptr;
  EXPECT_EQ(call(context, "guest-nothing-else", ""), "null");
}

TEST(GeneratedEncoder, WritesNothingWhenTheCommandFails) {
  commands::Context context;
  context.error = Error{"no room"};
  EXPECT_EQ(call(context, "guest-put", R"({"boxes": []})"), "error: no room");
}

TEST(GeneratedEncoder, WritesBufferedBytesInOrderAndLeavesCompleteAlone) {
  commands::Context context;
  context.bytes.data = ByteStream(std::string("hallo"));
  context.bytes.before = 5;
  context.bytes.complete = [](Bytes& self) { self.before = -1; };
  const auto text = call(context, "guest-receive", "");
  EXPECT_EQ(text, R"({"before": 5, "after": false, "data": "aGFsbG8="})");
}

TEST(GeneratedEncoder, WritesStreamedBytesFirstAndThenWhatTheStreamHasShown) {
  commands::Context context;
  std::size_t taken = 0;
  context.bytes.data = stream(1'000'000, taken);
  context.bytes.extra = ByteStream(std::string("x"));
  context.bytes.complete = [&taken](Bytes& self) { self.before = static_cast<std::int64_t>(taken); };
  Host host;
  const auto rest = call(context, "guest-receive", "", &host);
  const auto text = host.text + rest;
  EXPECT_TRUE(text.starts_with(R"({"data": "YWFhYWFh)")) << text.substr(0, 40);
  const auto end = text.find("\", ");
  ASSERT_NE(end, std::string::npos);
  EXPECT_EQ(end, std::string_view(R"({"data": ")").size() + 1'333'336);
  EXPECT_EQ(text.substr(end), R"(", "extra": "eA==", "before": 1000000, "after": false})");
  EXPECT_GE(host.pieces, 4U);
  EXPECT_LT(host.largest, 512U << 10U);
}

TEST(GeneratedEncoder, StreamsWithoutASinkAndWithoutBytes) {
  commands::Context context;
  std::size_t taken = 0;
  context.bytes.data = stream(0, taken);
  EXPECT_EQ(call(context, "guest-receive", ""), R"({"data": "", "before": 0, "after": false})");
}

TEST(GeneratedEncoder, StopsPullingWhenNobodyWantsTheReply) {
  commands::Context context;
  std::size_t taken = 0;
  bool completed = false;
  context.bytes.data = stream(100'000'000, taken);
  context.bytes.complete = [&completed](Bytes&) { completed = true; };
  Host host(1);
  call(context, "guest-receive", "", &host);
  EXPECT_EQ(host.pieces, 1U);
  EXPECT_LE(taken, 512U << 10U);
  EXPECT_TRUE(completed);
}

}  // namespace
}  // namespace guestd::tiny
