// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "tests/schema/tiny_agent.hpp"

namespace guestd::tiny {
namespace {

using ::testing::ElementsAre;

TEST(GeneratedDecoder, FillsStructsListsOptionalsAndAlternates) {
  commands::Context context;
  call(context, "guest-put",
       R"({"boxes": [{"name": "n", "size": 7, "colors": ["red", "dark-green"], "inner": {"name": "i"}},
                     {"name": "m", "size": -1}], "where": "blue"})");
  ASSERT_TRUE(context.put);
  ASSERT_EQ(context.put->boxes.size(), 2U);
  const Box& box = context.put->boxes[0];
  EXPECT_EQ(box.name, "n");
  EXPECT_EQ(box.size, 7U);
  EXPECT_THAT(*box.colors, ElementsAre(Color::kRed, Color::kDarkGreen));
  EXPECT_EQ(box.inner->name, "i");
  EXPECT_EQ(context.put->boxes[1].size, UINT64_MAX);
  EXPECT_FALSE(context.put->boxes[1].colors);
  EXPECT_EQ(std::get<Color>(*context.put->where), Color::kBlue);
  EXPECT_FALSE(context.put->fast);
}

TEST(GeneratedDecoder, PicksTheBranchOfAnAlternateByJsonType) {
  commands::Context context;
  call(context, "guest-put", R"({"boxes": [], "where": 3})");
  EXPECT_EQ(std::get<std::int64_t>(*context.put->where), 3);
  call(context, "guest-put", R"({"boxes": [], "where": {"name": "x"}})");
  EXPECT_EQ(std::get<Named>(*context.put->where).name, "x");
  call(context, "guest-put", R"({"boxes": [], "where": null})");
  EXPECT_TRUE(std::holds_alternative<std::nullptr_t>(*context.put->where));
}

TEST(GeneratedDecoder, PicksTheBranchOfAUnionByItsDiscriminator) {
  commands::Context context;
  call(context, "guest-draw", R"({"color": "red", "visible": true, "radius": 1.5})");
  ASSERT_TRUE(context.draw);
  EXPECT_EQ(std::get<Round>(context.draw->branch).radius, 1.5);
  call(context, "guest-draw", R"({"length": 255, "visible": false, "color": "dark-green"})");
  EXPECT_EQ(std::get<Long>(context.draw->branch).length, 255);
  EXPECT_FALSE(context.draw->visible);
  call(context, "guest-draw", R"({"color": "blue", "visible": true})");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(context.draw->branch));
}

TEST(GeneratedDecoder, KeepsNumbersExact) {
  commands::Context context;
  EXPECT_EQ(call(context, "guest-numbers",
                 R"({"a": -9223372036854775808, "b": 18446744073709551615, "c": 1e3, "d": -128, "e": {"k": 1}})"),
            "[-9223372036854775808, -128]");
  EXPECT_EQ(context.numbers->b, UINT64_MAX);
  EXPECT_EQ(context.numbers->c, 1000.0);
  EXPECT_EQ(context.numbers->e.text(), R"({"k": 1})");
}

TEST(GeneratedDecoder, LeavesBase64ToTheCommand) {
  commands::Context context;
  EXPECT_EQ(call(context, "guest-send", R"({"data": "aGFs\nbG8="})"), "{}");
  EXPECT_EQ(context.sent, "hallo");
}

TEST(GeneratedDecoder, TakesAbsentArgumentsForNoArguments) {
  commands::Context context;
  EXPECT_EQ(call(context, "guest-send", ""), "{}");
  EXPECT_EQ(call(context, "guest-put", ""), "error: Parameter 'boxes' is missing");
  context.where = std::int64_t{1};
  EXPECT_EQ(call(context, "guest-nothing-else", ""), "1");
  EXPECT_EQ(call(context, "guest-nothing-else", "{}"), "1");
  EXPECT_EQ(call(context, "guest-nothing-else", R"({"x": 1})"), "error: Parameter 'x' is unexpected");
}

struct Case {
  const char* command;
  const char* arguments;
  const char* error;
};

/// The number of the case is name enough; its bytes would change from run to run.
void PrintTo(const Case&, std::ostream* out) { *out << "case"; }

class BadArguments : public testing::TestWithParam<Case> {};

TEST_P(BadArguments, AreNamedInTheErrorAndReachNoHandler) {
  commands::Context context;
  EXPECT_EQ(call(context, GetParam().command, GetParam().arguments), std::string("error: ") + GetParam().error)
      << GetParam().arguments;
  EXPECT_FALSE(context.put || context.draw || context.numbers || context.sent);
}

INSTANTIATE_TEST_SUITE_P(
    Generated, BadArguments,
    testing::Values(
        Case{"guest-put", "{}", "Parameter 'boxes' is missing"},
        Case{"guest-put", R"({"boxes": {}})", "Invalid parameter type for 'boxes', expected: array"},
        Case{"guest-put", R"({"boxes": [1]})", "Invalid parameter type for 'boxes[0]', expected: object"},
        Case{"guest-put", R"({"boxes": [{}]})", "Parameter 'boxes[0].name' is missing"},
        Case{"guest-put", R"({"boxes": [{"name": "a", "size": 1}, {"name": "b"}]})",
             "Parameter 'boxes[1].size' is missing"},
        Case{"guest-put", R"({"boxes": [{"name": "a", "size": 1.5}]})", "Parameter 'boxes[0].size' expects uint64"},
        Case{"guest-put", R"({"boxes": [{"name": "a", "size": 1, "colors": ["red", "pink"]}]})",
             "Parameter 'boxes[0].colors[1]' does not accept value 'pink'"},
        Case{"guest-put", R"({"boxes": [{"name": "a", "size": 1, "colors": [2]}]})",
             "Invalid parameter type for 'boxes[0].colors[0]', expected: string"},
        Case{"guest-put", R"({"boxes": [{"name": "a", "size": 1, "inner": {"name": 1}}]})",
             "Invalid parameter type for 'boxes[0].inner.name', expected: string"},
        Case{"guest-put", R"({"boxes": [{"name": "a", "size": 1, "x": 1}], "y": 1})",
             "Parameter 'boxes[0].x' is unexpected"},
        Case{"guest-put", R"({"y": 1, "boxes": [], "fast": 1})",
             "Invalid parameter type for 'fast', expected: boolean"},
        Case{"guest-put", R"({"y": 1, "boxes": []})", "Parameter 'y' is unexpected"},
        Case{"guest-put", R"({"boxes": [], "fast": null})", "Invalid parameter type for 'fast', expected: boolean"},
        Case{"guest-put", R"({"boxes": [], "where": true})", "Invalid parameter type for 'where', expected: Where"},
        Case{"guest-put", R"({"boxes": [], "where": 1.5})", "Invalid parameter type for 'where', expected: integer"},
        Case{"guest-put", R"({"boxes": [], "where": "pink"})", "Parameter 'where' does not accept value 'pink'"},
        Case{"guest-put", R"({"boxes": [], "where": {"name": 1}})",
             "Invalid parameter type for 'where.name', expected: string"},
        Case{"guest-draw", R"({"visible": true})", "Parameter 'color' is missing"},
        Case{"guest-draw", R"({"color": "pink", "visible": true})", "Parameter 'color' does not accept value 'pink'"},
        Case{"guest-draw", R"({"color": "red", "visible": true})", "Parameter 'radius' is missing"},
        Case{"guest-draw", R"({"color": "red", "visible": true, "radius": 1, "length": 1})",
             "Parameter 'length' is unexpected"},
        Case{"guest-draw", R"({"color": "blue", "visible": true, "radius": 1})", "Parameter 'radius' is unexpected"},
        Case{"guest-draw", R"({"color": "dark-green", "visible": true, "length": 256})",
             "Parameter 'length' expects uint8_t"},
        Case{"guest-send", R"({"data": 1})", "Invalid parameter type for 'data', expected: string"},
        Case{"guest-numbers", R"({"a": 1.0})", "Invalid parameter type for 'a', expected: integer"},
        Case{"guest-numbers", R"({"a": 9223372036854775808})", "Invalid parameter type for 'a', expected: integer"},
        Case{"guest-numbers", R"({"a": 1, "b": 1, "c": "x"})", "Invalid parameter type for 'c', expected: number"},
        Case{"guest-numbers", R"({"a": 1, "b": 1, "c": 1, "d": 128, "e": 1})", "Parameter 'd' expects int8_t"},
        Case{"guest-numbers", R"({"a": 1, "b": 1, "c": 1, "d": 1})", "Parameter 'e' is missing"}));

TEST(GeneratedAtOnceHandler, AnswersOrLeavesEverythingToTheOther) {
  commands::Context context;
  EXPECT_EQ(call_at_once(context, "guest-maybe", R"({"number": 1})"), std::nullopt) << "not at hand";
  context.at_hand = "no. ";
  EXPECT_EQ(call_at_once(context, "guest-maybe", R"({"number": 1})"), R"({"name": "no. 1"})");
  EXPECT_EQ(call_at_once(context, "guest-maybe", R"({"number": true})"), std::nullopt) << "wrong arguments";
  EXPECT_EQ(call(context, "guest-maybe", R"({"number": 1})"), R"({"name": "1"})");
}

TEST(GeneratedWaitingHandler, WaitsOrAnswers) {
  commands::Context context;
  int woken = 0;
  protocol::Waiting waiting;
  waiting.is_over = false;
  waiting.wake = [&] { ++woken; };
  EXPECT_EQ(call_waiting(context, "guest-patient", R"({"number": 70})", waiting), std::nullopt);
  EXPECT_EQ(waiting.limit, std::chrono::milliseconds(70));
  EXPECT_EQ(woken, 1);
  context.at_hand = "news";
  EXPECT_EQ(call_waiting(context, "guest-patient", R"({"number": 70})", waiting), R"({"name": "news"})");
  context.at_hand.reset();
  waiting.is_over = true;
  EXPECT_EQ(call_waiting(context, "guest-patient", R"({"number": 70})", waiting), R"({"name": "over"})");
  EXPECT_EQ(call_waiting(context, "guest-patient", R"({"number": -1})", waiting), "error: a negative number");
  EXPECT_EQ(call_waiting(context, "guest-patient", R"({})", waiting), "error: Parameter 'number' is missing");
  EXPECT_EQ(call(context, "guest-patient", R"({"number": 70})"), R"({"name": "over"})") << "without a wait";
}

TEST(GeneratedTable, FollowsTheSchema) {
  const auto table = protocol::command_table();
  ASSERT_EQ(table.size(), 9U);
  EXPECT_EQ(table[0].name, "guest-put");
  EXPECT_TRUE(table[0].has_feature("one"));
  EXPECT_TRUE(table[0].has_feature("two"));
  EXPECT_FALSE(table[0].has_feature("three"));
  EXPECT_TRUE(table[0].coroutine);
  EXPECT_FALSE(table[1].coroutine);
  EXPECT_TRUE(table[1].success_response);
  EXPECT_FALSE(table[5].success_response);
  EXPECT_NE(table[6].run_at_once, nullptr);
  EXPECT_EQ(table[6].run_waiting, nullptr);
  EXPECT_NE(table[7].run_waiting, nullptr);
  EXPECT_FALSE(table[7].coroutine);
  EXPECT_EQ(table[8].name, "guest-later");
  EXPECT_EQ(table[8].run, nullptr);
}

}  // namespace
}  // namespace guestd::tiny
