// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/examples.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/schema/compiled.hpp"

namespace guestd::schema {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string line_of(const std::string& text) {
  const auto json = parse_example_json(text);
  return json ? to_string(*json) : "none";
}

bool fits(const std::string& pattern, const std::string& value) {
  return matches(*parse_example_json(pattern), *parse_example_json(value));
}

TEST(ExampleJson, IsJsonWithPlacesLeftOpen) {
  EXPECT_EQ(line_of(" { \"a\" : [ 1 , -2.5e3,true,\n null ], \"b\\\"\":\"\\u00e9\" } "),
            R"({"a": [1, -2.5e3, true, null], "b\"": "\u00e9"})");
  EXPECT_EQ(line_of(R"({"a": ..., "b": [...], "c": {"d": 1, ...}, ...})"),
            R"({"a": ..., "b": [...], "c": {"d": 1, ...}, ...})");
  EXPECT_EQ(line_of("..."), "...");
  for (const auto* bad : {"", "{", "[1", "[1,]", "{\"a\"}", "{\"a\": }", "{a: 1}", "\"x", "1 2", "nul"}) {
    EXPECT_EQ(line_of(bad), "none") << bad;
  }
  EXPECT_EQ(line_of(std::string(100'000, '[')), "none");
}

TEST(ExampleJson, MatchesInAnyOrderOfMembers) {
  EXPECT_TRUE(fits(R"({"a": 1, "b": [1, 2]})", R"({"b": [1, 2], "a": 1})"));
  EXPECT_TRUE(fits(R"({"a": ..., ...})", R"({"c": 3, "a": {"d": 1}})"));
  EXPECT_TRUE(fits("[1, ...]", "[1]"));
  EXPECT_TRUE(fits("[1, ...]", "[1, 2]"));
  EXPECT_FALSE(fits("[1, ...]", "[2, 1]"));
  EXPECT_FALSE(fits("[1]", "[1, 2]"));
  EXPECT_FALSE(fits(R"({"a": 1})", R"({"a": 1, "b": 2})"));
  EXPECT_FALSE(fits(R"({"a": 1, ...})", R"({"b": 1})"));
  EXPECT_FALSE(fits(R"("1")", "1"));
  EXPECT_FALSE(fits("1", "2"));
}

/// A schema with one command, in whose documentation the example stands; the first line of the example is line 8.
Compiled with_example(const std::string& lines) {
  std::string comment = "##\n# @do-it:\n#\n# @one: a\n# @two: b\n#\n# .. qmp-example::\n";
  for (std::size_t at = 0; at < lines.size();) {
    const auto end = lines.find('\n', at);
    comment += "#    " + lines.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return compile(
      "{ 'enum': 'Color', 'data': [ 'red' ] }\n"
      "{ 'struct': 'Red', 'data': { 'depth': 'int' } }\n"
      "{ 'union': 'Paint', 'base': { 'color': 'Color' }, 'discriminator': 'color', 'data': { 'red': 'Red' } }\n"
      "{ 'alternate': 'Some', 'data': { 'i': 'int', 's': 'Color' } }\n"
      "{ 'command': 'hush', 'success-response': false }\n"
      "{ 'command': 'do-nothing' }\n" +
      comment + "##\n{ 'command': 'do-it', 'data': { 'one': 'Paint', '*two': [ 'Some' ] }, 'returns': [ 'Paint' ] }\n");
}

std::vector<std::string> errors_in(const std::string& lines) {
  auto compiled = with_example(lines);
  EXPECT_THAT(compiled.errors(), IsEmpty());
  check_examples(compiled.schema, compiled.diagnostics);
  return compiled.errors();
}

std::string request(const std::string& arguments) {
  return "-> {\"execute\": \"do-it\", \"arguments\": " + arguments + "}\n";
}

TEST(Examples, ThatFitTheSchemaAreTaken) {
  EXPECT_THAT(errors_in(request(R"({"one": {"color": "red", "depth": 1}, "two": [1, "red", ...]})") +
                        "<- {\"return\": [{\"depth\": 2,\n    \"color\": \"red\"}, ...]}\n"
                        "-> {\"execute\": \"hush\", \"id\": 1}\n"
                        "-> {\"execute\": \"do-nothing\"}\n"
                        "<- {\"return\": {}}\n"),
              IsEmpty());
  EXPECT_THAT(errors_in(request("{...}") + "<- {\"error\": {\"class\": \"GenericError\", \"desc\": ...}}\n"),
              IsEmpty());
  EXPECT_THAT(errors_in(request(R"({"one": {"color": ..., ...}})") + "<- ...\n"), IsEmpty());
}

TEST(Examples, WithWrongArgumentsAreReported) {
  EXPECT_THAT(errors_in(request("{}")), ElementsAre("test.json:14: error: example: 'arguments' lacks 'one'"));
  EXPECT_THAT(errors_in(request(R"({"one": {"color": "red"}})")),
              ElementsAre("test.json:14: error: example: 'arguments.one' lacks 'depth'"));
  EXPECT_THAT(errors_in(request(R"({"one": {"color": "red", "depth": 1.5}})")),
              ElementsAre("test.json:14: error: example: 'arguments.one.depth' should be of type 'int'"));
  EXPECT_THAT(errors_in(request(R"({"one": ..., "three": 1})")),
              ElementsAre("test.json:14: error: example: 'arguments' has no member 'three'"));
  EXPECT_THAT(errors_in(request(R"({"one": ..., "two": 1})")),
              ElementsAre("test.json:14: error: example: 'arguments.two' should be a list"));
  EXPECT_THAT(errors_in(request(R"({"one": ..., "two": [true, "blue"]})")),
              ElementsAre("test.json:14: error: example: 'arguments.two[]' is no form of 'Some'",
                          "test.json:14: error: example: 'arguments.two[]' should be one of the values of 'Color'"));
  EXPECT_THAT(errors_in("-> {\"execute\": \"do-nothing\", \"arguments\": {\"a\": 1}}\n"),
              ElementsAre("test.json:14: error: example: 'do-nothing' takes no arguments"));
}

TEST(Examples, WithWrongRequestsAreReported) {
  EXPECT_THAT(errors_in("-> {\"execute\": \"undo\"}\n"),
              ElementsAre("test.json:14: error: example: command 'undo' does not exist"));
  EXPECT_THAT(errors_in("-> {\"exec\": \"hush\"}\n"),
              ElementsAre("test.json:14: error: example: a request needs 'execute'"));
  EXPECT_THAT(errors_in("-> {\"execute\": \"hush\", \"args\": 1}\n"),
              ElementsAre("test.json:14: error: example: a request has no member 'args'"));
  EXPECT_THAT(errors_in("-> {\"execute\": \"hush\"\n"),
              ElementsAre("test.json:14: error: example: not a JSON object: {\"execute\": \"hush\""));
}

TEST(Examples, WithWrongRepliesAreReportedOnTheirLine) {
  const auto good = request("{...}");
  EXPECT_THAT(errors_in(good + "<- {\"return\": {}}\n"),
              ElementsAre("test.json:15: error: example: 'return' should be a list"));
  EXPECT_THAT(errors_in(good + "<- {\"result\": {}}\n"),
              ElementsAre("test.json:15: error: example: a reply needs 'return' or 'error'"));
  EXPECT_THAT(errors_in(good + "<- {\"error\": {\"desc\": \"x\"}}\n"),
              ElementsAre("test.json:15: error: example: an error has a 'class' and a 'desc'"));
  EXPECT_THAT(errors_in("-> {\"execute\": \"hush\"}\n<- {\"return\": {}}\n"),
              ElementsAre("test.json:15: error: example: 'hush' sends nothing on success"));
  EXPECT_THAT(errors_in("-> {\"execute\": \"do-nothing\"}\n<- {\"return\": 1}\n"),
              ElementsAre("test.json:15: error: example: 'do-nothing' returns {}"));
  EXPECT_THAT(errors_in("<- {\"return\": 1}\n"),
              ElementsAre("test.json:14: error: example: a reply without a request"));
}

TEST(Examples, MayHoldAnythingWhereTypesAreNotDefined) {
  auto compiled = compile(
      "{ 'enum': 'Ea', 'data': [ 'a' ] }\n"
      "{ 'union': 'Xa', 'base': { 'k': 'Ea' }, 'discriminator': 'k', 'data': { 'a': 'Gone' } }\n"
      "##\n# @do:\n#\n# Example:\n#\n# -> {\"execute\": \"do\", \"arguments\": {\"k\": \"a\", \"b\": 1}}\n##\n"
      "{ 'command': 'do', 'data': 'Xa', 'boxed': true }\n",
      Dialect{.partial = true});
  ASSERT_FALSE(compiled.diagnostics.any());
  check_examples(compiled.schema, compiled.diagnostics);
  EXPECT_FALSE(compiled.diagnostics.any());
}

TEST(Examples, BecomeATranscript) {
  const auto compiled = with_example("-> {\"execute\":\n      \"hush\"}\n\nText.\n-> {}\n<- ...\n");
  EXPECT_EQ(generate_transcript(compiled.schema), "# do-it\n> {\"execute\": \"hush\"}\n> {}\n< ...\n");
}

}  // namespace
}  // namespace guestd::schema
